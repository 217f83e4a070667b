import { type ReactNode, Suspense, useState } from 'react';
import { Link, Route, Switch, useLocation } from 'wouter';
import { client } from './api/client.js';
import { useLive } from './api/events.js';
import { SessionGate, useSession } from './api/session.js';
import { ExamsPage } from './exams/exams-page.js';
import {
  CompareExamPage,
  ComparePage,
  ExamPage,
  InboxPage,
  JobPage,
  JobsPage,
  ModelPage,
  ModelsPage,
  RepoPage,
  ReposPage,
  StagesPage,
} from './pages.js';
import { Boundary } from './parts/boundary.js';
import { decodePart } from './parts/decode-part.js';
import { PageHead } from './parts/page-head.js';
import { applyTheme, keptTheme, THEMES } from './theme.js';

const PAGES = [
  ['/exams', 'Exams'],
  ['/compare', 'Compare'],
  ['/jobs', 'Jobs'],
  ['/repos', 'Repos'],
  ['/models', 'Models'],
  ['/stages', 'Stages'],
  ['/inbox', 'Inbox'],
] as const;

export const App = (): ReactNode => (
  <SessionGate>
    <Shell />
  </SessionGate>
);

function Shell(): ReactNode {
  const { notice } = useSession();
  const { problems, connected } = useLive();
  const [location] = useLocation();
  return (
    <>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <TopBar />
      {!connected && (
        <p className="banner" role="status">
          The console does not answer. What is shown may be old; it is asked again by itself.
        </p>
      )}
      {[...problems].map(([service, problem]) => (
        <p key={service} className="banner" role="status">
          {service === 's3' ? 'S3' : 'Temporal'} does not answer: {problem}
        </p>
      ))}
      <main id="content" tabIndex={-1}>
        <Boundary key={location}>
          <Suspense fallback={<p className="waiting">Loading…</p>}>
            <Switch>
              <Route path="/" component={ExamsPage} />
              <Route path="/exams" component={ExamsPage} />
              <Route path="/exams/:exam">{({ exam }) => <ExamPage exam={decodePart(exam)} />}</Route>
              <Route path="/compare" component={ComparePage} />
              <Route path="/compare/:exam">{({ exam }) => <CompareExamPage exam={decodePart(exam)} />}</Route>
              <Route path="/jobs" component={JobsPage} />
              <Route path="/jobs/:job">{({ job }) => <JobPage job={decodePart(job)} />}</Route>
              <Route path="/repos" component={ReposPage} />
              <Route path="/repos/:repo">{({ repo }) => <RepoPage repo={decodePart(repo)} />}</Route>
              <Route path="/models" component={ModelsPage} />
              <Route path="/models/:bundle">{({ bundle }) => <ModelPage bundle={decodePart(bundle)} />}</Route>
              <Route path="/stages" component={StagesPage} />
              <Route path="/inbox" component={InboxPage} />
              <Route>
                <PageHead title="There is nothing at this address" />
                <p>
                  <Link href="/exams">To the exams</Link>
                </p>
              </Route>
            </Switch>
          </Suspense>
        </Boundary>
      </main>
      <footer className="notice">{notice}</footer>
    </>
  );
}

function TopBar(): ReactNode {
  const session = useSession();
  const [location] = useLocation();
  const at = location === '/' ? '/exams' : location;
  return (
    <header className="top">
      <Link href="/exams" className="brand">
        mammoflow
      </Link>
      <nav aria-label="Pages">
        {PAGES.map(([path, name]) => (
          <Link key={path} href={path} aria-current={at === path || at.startsWith(`${path}/`) ? 'page' : undefined}>
            {name}
          </Link>
        ))}
      </nav>
      <div className="end">
        {session.temporalUi !== null && (
          <a href={session.temporalUi} target="_blank" rel="noreferrer">
            Temporal
          </a>
        )}
        <ThemeChoice />
        {session.access !== 'open' && (
          <button
            type="button"
            className="plain"
            onClick={async () => {
              await client.signOut();
              window.location.reload();
            }}
          >
            Sign out {session.user?.name}
          </button>
        )}
      </div>
    </header>
  );
}

function ThemeChoice(): ReactNode {
  const [theme, setTheme] = useState(keptTheme);
  return (
    <select
      aria-label="Theme"
      value={theme}
      onChange={({ target: { value } }) => {
        const chosen = THEMES.find((name) => name === value) ?? 'system';
        applyTheme(chosen);
        setTheme(chosen);
      }}
    >
      {THEMES.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
}
