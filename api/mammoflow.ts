import type { Session } from './session.js';

/** A verb that answers once, without its session. */
type Answering<Module, Name extends keyof Module> = Module[Name] extends (
  session: Session,
  ...rest: infer Rest
) => Promise<infer Result>
  ? (...rest: Rest) => Promise<Result>
  : never;

/** A verb that lists, without its session. */
type Listing<Module, Name extends keyof Module> = Module[Name] extends (
  session: Session,
  ...rest: infer Rest
) => AsyncGenerator<infer Item>
  ? (...rest: Rest) => AsyncGenerator<Item>
  : never;

/**
 * All that can be asked of mammoflow, on one session. Each verb's file documents it: what it takes, what it returns, which
 * errors it throws, with an example. A verb is loaded with its first call, so a program that only reads history loads no
 * image or network library.
 */
export function createMammoflow(session: Session) {
  type Verb = (session: Session, ...rest: unknown[]) => unknown;

  function answering<Module extends object, Name extends keyof Module>(
    load: () => Promise<Module>,
    name: Name,
  ): Answering<Module, Name> {
    const call = async (...rest: unknown[]): Promise<unknown> => ((await load())[name] as Verb)(session, ...rest);
    return call as Answering<Module, Name>;
  }

  function listing<Module extends object, Name extends keyof Module>(
    load: () => Promise<Module>,
    name: Name,
  ): Listing<Module, Name> {
    async function* call(...rest: unknown[]): AsyncGenerator<unknown> {
      yield* ((await load())[name] as Verb)(session, ...rest) as AsyncGenerator<unknown>;
    }
    return call as Listing<Module, Name>;
  }

  return {
    // Reading: nothing changes.
    branches: listing(() => import('./reading/branches.js'), 'branches'),
    bundlesInUse: answering(() => import('./reading/exams.js'), 'bundlesInUse'),
    checkExams: answering(() => import('./reading/check-exams.js'), 'checkExams'),
    checkDestination: answering(() => import('./reading/destinations.js'), 'checkDestination'),
    compare: answering(() => import('./reading/compare.js'), 'compare'),
    compareExam: answering(() => import('./reading/compare-overview.js'), 'compareExam'),
    compareOverview: answering(() => import('./reading/compare-overview.js'), 'compareOverview'),
    deliveries: listing(() => import('./reading/deliveries.js'), 'deliveries'),
    destinations: answering(() => import('./reading/destinations.js'), 'destinations'),
    diff: listing(() => import('./reading/diff.js'), 'diff'),
    exam: answering(() => import('./reading/exam.js'), 'exam'),
    examCommits: listing(() => import('./reading/exam-commits.js'), 'examCommits'),
    exams: answering(() => import('./reading/exams.js'), 'exams'),
    explain: answering(() => import('./reading/explain.js'), 'explain'),
    get: answering(() => import('./reading/get.js'), 'get'),
    heatmap: answering(() => import('./reading/pictures.js'), 'heatmap'),
    inbox: answering(() => import('./reading/inbox.js'), 'inbox'),
    inspect: listing(() => import('./reading/inspect.js'), 'inspect'),
    isDestination: answering(() => import('./changing/export-results.js'), 'isDestination'),
    job: answering(() => import('./reading/job.js'), 'job'),
    jobDetails: answering(() => import('./reading/job-details.js'), 'jobDetails'),
    jobExams: answering(() => import('./reading/job-details.js'), 'jobExams'),
    jobs: listing(() => import('./reading/jobs.js'), 'jobs'),
    judgeExamNames: answering(() => import('./reading/check-exams.js'), 'judgeExamNames'),
    log: listing(() => import('./reading/log.js'), 'log'),
    ls: listing(() => import('./reading/ls.js'), 'ls'),
    lsItem: answering(() => import('./reading/ls.js'), 'lsItem'),
    model: answering(() => import('./reading/models.js'), 'model'),
    models: answering(() => import('./reading/models.js'), 'models'),
    openFile: answering(() => import('./reading/open-file.js'), 'openFile'),
    picture: answering(() => import('./reading/pictures.js'), 'picture'),
    pictureFile: answering(() => import('./reading/pictures.js'), 'pictureFile'),
    preview: answering(() => import('./reading/preview.js'), 'preview'),
    previewForget: answering(() => import('./changing/forget.js'), 'previewForget'),
    read: answering(() => import('./reading/get.js'), 'read'),
    repos: answering(() => import('./reading/repos.js'), 'repos'),
    requireNotErased: answering(() => import('./reading/pictures.js'), 'requireNotErased'),
    results: listing(() => import('./reading/results.js'), 'results'),
    stages: answering(() => import('./reading/stages.js'), 'stages'),
    stagesServed: answering(() => import('./reading/stages-served.js'), 'stagesServed'),
    status: answering(() => import('./reading/status.js'), 'status'),
    trace: answering(() => import('./reading/trace.js'), 'trace'),
    verify: answering(() => import('./reading/verify.js'), 'verify'),
    waitForJob: answering(() => import('./reading/job.js'), 'waitForJobToEnd'),

    // Changing: each says in its result what it committed and which job follows.
    accept: answering(() => import('./changing/accept.js'), 'accept'),
    cancel: answering(() => import('./changing/cancel.js'), 'cancel'),
    collectGarbage: answering(() => import('./changing/collect-garbage.js'), 'collectGarbage'),
    createBranch: answering(() => import('./changing/branch.js'), 'createBranch'),
    deleteBranch: answering(() => import('./changing/branch.js'), 'deleteBranch'),
    dismiss: answering(() => import('./changing/dismiss.js'), 'dismiss'),
    exportResults: listing(() => import('./changing/export-results.js'), 'exportResults'),
    forget: answering(() => import('./changing/forget.js'), 'forget'),
    holdBranch: answering(() => import('./changing/branch.js'), 'holdBranch'),
    importModels: answering(() => import('./changing/import-models.js'), 'importModels'),
    lookIntoInbox: answering(() => import('./changing/look-into-inbox.js'), 'lookIntoInbox'),
    mend: listing(() => import('./changing/mend.js'), 'mend'),
    moveBranch: answering(() => import('./changing/branch.js'), 'moveBranch'),
    process: answering(() => import('./changing/process.js'), 'processBranch'),
    put: answering(() => import('./changing/put.js'), 'put'),
    receiveObject: answering(() => import('./changing/receive-object.js'), 'receiveObject'),
    releaseBranch: answering(() => import('./changing/branch.js'), 'releaseBranch'),
    remove: answering(() => import('./changing/remove.js'), 'remove'),
    removeDestination: answering(() => import('./changing/set-destination.js'), 'removeDestination'),
    repair: answering(() => import('./changing/repair.js'), 'repair'),
    revert: answering(() => import('./changing/revert.js'), 'revert'),
    retryDeliveries: answering(() => import('./changing/retry-deliveries.js'), 'retryDeliveries'),
    retryJob: answering(() => import('./changing/retry-job.js'), 'retryJob'),
    sendToInbox: answering(() => import('./changing/send-to-inbox.js'), 'sendToInbox'),
    setArrivals: answering(() => import('./changing/set-arrivals.js'), 'setArrivals'),
    setStage: answering(() => import('./changing/set-stage.js'), 'setStage'),
    setDestination: answering(() => import('./changing/set-destination.js'), 'setDestination'),
    setDevice: answering(() => import('./changing/set-device.js'), 'setDevice'),
    useBundle: answering(() => import('./changing/use-bundle.js'), 'useBundle'),
  };
}

/** What `connect` gives, but for closing. */
export type Mammoflow = ReturnType<typeof createMammoflow>;
