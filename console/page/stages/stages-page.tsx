import './stages.css';
import type { ReactNode } from 'react';
import { useApi } from '../api/queries.js';
import { Loaded } from '../parts/loaded.js';
import { PageHead } from '../parts/page-head.js';
import { RefChoice } from '../parts/ref-choice.js';
import { useBranchShown } from '../parts/use-branch-shown.js';
import { useFilter } from '../parts/use-filter.js';
import { StageGraph } from './stage-graph.js';
import { StagePanel } from './stage-panel.js';
import { StageTable } from './stage-table.js';

/** Who serves a queue changes without an event. */
const LOOK_MS = 10_000;

/** The stages as a state wants them: their graph, settings, queues and workers. */
export function StagesPage(): ReactNode {
  const [address] = useFilter();
  const ref = address.get('ref') ?? 'main';
  const stages = useApi('stages', { query: { ref } }, { keep: true, refetchInterval: LOOK_MS });
  const branch = useBranchShown();
  return (
    <>
      <PageHead title="Stages">
        <div className="end">
          <RefChoice />
        </div>
      </PageHead>
      <Loaded of={stages}>
        {({ head, items }) => {
          const chosen = items.find(({ stage }) => stage === address.get('stage'));
          return (
            <>
              <StageGraph stages={items} chosen={chosen?.stage} />
              {head === null && (
                <p className="faint">
                  Nothing is committed yet: these are the defaults of this build. They can be set once there are exams
                  or models.
                </p>
              )}
              {chosen && <StagePanel of={chosen} branch={head === null ? undefined : branch} />}
              <StageTable stages={items} chosen={chosen?.stage} />
            </>
          );
        }}
      </Loaded>
    </>
  );
}
