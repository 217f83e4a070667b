import './repos.css';
import type { ReactNode } from 'react';
import { useApi } from '../api/queries.js';
import { Loaded } from '../parts/loaded.js';
import { NothingYet, useNothingYet } from '../parts/nothing-yet.js';
import { PageHead } from '../parts/page-head.js';
import { RefChoice } from '../parts/ref-choice.js';
import { Sections, useSection } from '../parts/sections.js';
import { useFilter } from '../parts/use-filter.js';
import { BranchTable } from './branch-table.js';
import { CommitTable } from './commit-table.js';
import { RepoTable } from './repo-table.js';
import { StateChanges } from './state-changes.js';

const SECTIONS = ['repos', 'commits', 'changes'] as const;

/** All that is versioned, at one state: what lies in the repos, the branches, the commits, and what they changed. */
export function ReposPage(): ReactNode {
  const [address] = useFilter();
  const ref = address.get('ref') ?? 'main';
  const repos = useApi('repos', { query: { ref } }, { keep: true });
  const section = useSection(SECTIONS);
  const nothing = useNothingYet(repos.error);
  return (
    <>
      <PageHead title="Repos">
        {repos.data && <span className="faint">commit {repos.data.sequence}</span>}
        <div className="end">
          <RefChoice />
        </div>
      </PageHead>
      {nothing ? (
        <NothingYet />
      ) : (
        <Loaded of={repos}>
          {({ commit, items }) => (
            <>
              <Sections of={SECTIONS} words={{ repos: 'Repos and branches', commits: 'Commits', changes: 'Changes' }} />
              {section === 'repos' && (
                <div className="repo-columns">
                  <RepoTable repos={items} />
                  <BranchTable />
                </div>
              )}
              {section === 'commits' && <CommitTable of={ref} />}
              {section === 'changes' && <StateChanges to={commit} repos={items} />}
            </>
          )}
        </Loaded>
      )}
    </>
  );
}
