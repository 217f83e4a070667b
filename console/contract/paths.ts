/**
 * Where each route is: the only part of the contract that the page needs while it runs, so that zod does not have to travel
 * with it. `routes.ts` says what each route takes and gives.
 */
export const PATHS = {
  // Who asks
  session: ['GET', '/api/session'],
  signIn: ['POST', '/api/session'],
  signOut: ['DELETE', '/api/session'],
  status: ['GET', '/api/status'],

  // Exams
  exams: ['GET', '/api/exams'],
  exam: ['GET', '/api/exams/:exam'],
  examHistory: ['GET', '/api/exams/:exam/history'],

  // Comparing
  compare: ['GET', '/api/compare'],
  compareExam: ['GET', '/api/compare/:exam'],

  // Jobs
  jobs: ['GET', '/api/jobs'],
  job: ['GET', '/api/jobs/:job'],
  jobExams: ['GET', '/api/jobs/:job/exams'],
  startJob: ['POST', '/api/jobs'],
  retryJob: ['POST', '/api/jobs/:job/retry'],
  cancelJob: ['POST', '/api/jobs/:job/cancel'],

  // Repos
  branches: ['GET', '/api/branches'],
  createBranch: ['POST', '/api/branches'],
  moveBranch: ['POST', '/api/branches/:branch/move'],
  holdBranch: ['POST', '/api/branches/:branch/hold'],
  releaseBranch: ['POST', '/api/branches/:branch/release'],
  deleteBranch: ['DELETE', '/api/branches/:branch'],
  commits: ['GET', '/api/commits'],
  repos: ['GET', '/api/repos'],
  items: ['GET', '/api/repos/:repo/items'],
  item: ['GET', '/api/repos/:repo/items/:item'],
  diff: ['GET', '/api/repos/:repo/diff'],
  revert: ['POST', '/api/repos/:repo/revert'],
  preview: ['POST', '/api/preview'],

  // Models
  models: ['GET', '/api/models'],
  model: ['GET', '/api/models/:bundle'],
  useModel: ['POST', '/api/models/:bundle/use'],

  // Stages
  stages: ['GET', '/api/stages'],
  setStage: ['POST', '/api/stages/:stage'],

  // Inbox and upload
  inbox: ['GET', '/api/inbox'],
  lookIntoInbox: ['POST', '/api/inbox/look'],
  dismiss: ['POST', '/api/inbox/dismiss'],
  uploads: ['GET', '/api/uploads'],
  beginUpload: ['POST', '/api/uploads'],
  upload: ['GET', '/api/uploads/:upload'],
  commitUpload: ['POST', '/api/uploads/:upload/commit'],
  abandonUpload: ['DELETE', '/api/uploads/:upload'],
} as const satisfies Record<string, readonly ['GET' | 'POST' | 'DELETE', `/api/${string}`]>;

export type RouteName = keyof typeof PATHS;

/** Routes that do not answer with JSON. `binary.ts` builds their addresses and says what they give. */
export const BINARY_PATHS = {
  pixels: ['GET', '/api/pixels/:repo/:exam/:view/:version'],
  heatmap: ['GET', '/api/heatmaps/:exam/:view/:version'],
  file: ['GET', '/api/files/:repo/:item'],
  sendFile: ['PATCH', '/api/uploads/:upload/files/:exam/:file'],
  events: ['GET', '/api/events'],
} as const;

/** The header that every changing request repeats the session's `csrf` in. */
export const CSRF_HEADER = 'x-mammoflow-csrf';
