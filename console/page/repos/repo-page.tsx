import './repos.css';
import { type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import type { CommitRow } from '../../contract/common.js';
import { useApi } from '../api/queries.js';
import { PageHead } from '../parts/page-head.js';
import { RefChoice } from '../parts/ref-choice.js';
import { RoleButton } from '../parts/role-button.js';
import { Sections, useSection } from '../parts/sections.js';
import { useAddress } from '../parts/use-address.js';
import { useFilter } from '../parts/use-filter.js';
import { ChangeList } from './change-list.js';
import { CommitTable } from './commit-table.js';
import { Items } from './items.js';
import { RevertRepo } from './revert-repo.js';

const SECTIONS = ['files', 'commits', 'changes'] as const;

/** One repo: its files at a state, the commits that changed it, and what changed between two. */
export function RepoPage({ repo }: { repo: string }): ReactNode {
  const [address] = useFilter();
  const addressWith = useAddress();
  const ref = address.get('ref') ?? 'main';
  const since = address.get('since') ?? undefined;
  const section = useSection(SECTIONS);
  return (
    <>
      <PageHead title={repo}>
        <Link href={addressWith({ item: undefined, since: undefined, show: undefined }, '/repos')}>All repos</Link>
        <div className="end">
          <RefChoice />
        </div>
      </PageHead>
      <Sections of={SECTIONS} words={{ files: 'Files', commits: 'Commits', changes: 'Changes' }} />
      {section === 'files' && <Items repo={repo} at={ref} />}
      {section === 'commits' && <History repo={repo} at={ref} />}
      {section === 'changes' && (
        <>
          <div className="toolbar">
            <RefChoice name="since" label="Since" usual="the commit before the last that changed it" />
          </div>
          <section className="panel">
            <ChangeList repo={repo} from={since} to={ref} />
          </section>
        </>
      )}
    </>
  );
}

function History({ repo, at }: { repo: string; at: string }): ReactNode {
  const [to, setTo] = useState<CommitRow>();
  const repos = useApi('repos', { query: { ref: at } });
  const kind = repos.data?.items.find((row) => row.repo === repo)?.kind;
  const canRevert = kind === 'input';
  return (
    <>
      {kind === 'stage' && (
        <p className="faint">
          The results of a stage follow from exams, models and the pipeline: to bring them back, revert one of those.
        </p>
      )}
      <CommitTable
        of={at}
        repo={repo}
        actions={(commit) =>
          canRevert && (
            <RoleButton
              needs="administer"
              label={`Revert to this: commit ${commit.sequence}`}
              onClick={() => setTo(commit)}
            >
              Revert to this…
            </RoleButton>
          )
        }
      />
      {to && <RevertRepo repo={repo} to={to} close={() => setTo(undefined)} />}
    </>
  );
}
