import { z } from 'zod';
import { DEFAULT_BRANCH } from '../../pipeline/commit.js';
import {
  branchParameter,
  branchSchema,
  errorSchema,
  examParameter,
  expectedHeadSchema,
  repoParameter,
} from './common.js';
import * as compare from './compare.js';
import * as exams from './exams.js';
import * as inbox from './inbox.js';
import * as jobs from './jobs.js';
import * as models from './models.js';
import type { RouteName } from './paths.js';
import * as repos from './repos.js';
import { type Role, sessionSchema, signInSchema, statusSchema } from './session.js';
import * as stages from './stages.js';

/** What a route takes and gives. */
export interface RouteContract {
  /** For the document that describes the routes. */
  readonly summary: string;
  readonly tag: string;
  /** What its caller must be; null for routes that say who the caller is. */
  readonly role: Role | null;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly response: z.ZodType;
}

/**
 * Every route that answers with JSON: the single source of validation, of the OpenAPI document and of the typed client.
 * Their paths are in `paths.ts`.
 */
export const ROUTES = {
  session: {
    tag: 'session',
    role: null,
    summary: 'Who asks, and what the page needs to begin.',
    response: sessionSchema,
  },
  signIn: {
    tag: 'session',
    role: null,
    summary: 'Signs in with a token.',
    body: signInSchema,
    response: sessionSchema,
  },
  signOut: { tag: 'session', role: null, summary: 'Signs out.', response: sessionSchema },
  status: { tag: 'session', role: 'read', summary: 'What answers, and who works.', response: statusSchema },

  exams: {
    tag: 'exams',
    role: 'read',
    summary: 'A page of exams with their state and probabilities.',
    query: exams.examsQuerySchema,
    response: exams.examsPageSchema,
  },
  exam: {
    tag: 'exams',
    role: 'read',
    summary: 'One exam: its views, heatmaps, predictions, and how they came about.',
    params: examParameter,
    query: exams.examQuerySchema,
    response: exams.examDetailSchema,
  },
  examHistory: {
    tag: 'exams',
    role: 'read',
    summary: 'The commits that changed an exam or its results.',
    params: examParameter,
    query: exams.examHistoryQuerySchema,
    response: exams.examHistorySchema,
  },

  compare: {
    tag: 'compare',
    role: 'read',
    summary: 'How predictions moved between two states.',
    query: compare.compareQuerySchema,
    response: compare.comparisonSchema,
  },
  compareExam: {
    tag: 'compare',
    role: 'read',
    summary: 'One exam in two states.',
    params: examParameter,
    query: compare.compareExamQuerySchema,
    response: compare.compareExamSchema,
  },

  jobs: {
    tag: 'jobs',
    role: 'read',
    summary: 'A page of jobs, newest first.',
    query: jobs.jobsQuerySchema,
    response: jobs.jobsPageSchema,
  },
  job: {
    tag: 'jobs',
    role: 'read',
    summary: 'How a job stands.',
    params: jobs.jobParameter,
    response: jobs.jobDetailSchema,
  },
  jobExams: {
    tag: 'jobs',
    role: 'read',
    summary: 'A page of the exams that a job has finished.',
    params: jobs.jobParameter,
    query: jobs.jobExamsQuerySchema,
    response: jobs.jobExamsPageSchema,
  },
  startJob: {
    tag: 'jobs',
    role: 'operate',
    summary: 'Brings results up to what a branch wants.',
    body: jobs.startJobSchema,
    response: jobs.startedJobSchema,
  },
  retryJob: {
    tag: 'jobs',
    role: 'operate',
    summary: 'Tries exams of a job again that failed, in a new job.',
    params: jobs.jobParameter,
    body: jobs.retryJobSchema,
    response: jobs.startedJobSchema,
  },
  cancelJob: {
    tag: 'jobs',
    role: 'operate',
    summary: 'Ends a running job; what it finished is kept.',
    params: jobs.jobParameter,
    response: jobs.cancelledJobSchema,
  },

  branches: { tag: 'repos', role: 'read', summary: 'All branches.', response: repos.branchesSchema },
  createBranch: {
    tag: 'repos',
    role: 'administer',
    summary: 'Begins a branch.',
    body: repos.createBranchSchema,
    response: repos.branchPointSchema,
  },
  moveBranch: {
    tag: 'repos',
    role: 'administer',
    summary: 'Points a branch at another commit.',
    params: branchParameter,
    body: repos.moveBranchSchema,
    response: repos.movedSchema,
  },
  holdBranch: {
    tag: 'repos',
    role: 'operate',
    summary: 'Puts a branch on hold.',
    params: branchParameter,
    body: repos.holdBranchSchema,
    response: repos.heldSchema,
  },
  releaseBranch: {
    tag: 'repos',
    role: 'operate',
    summary: 'Ends the hold of a branch.',
    params: branchParameter,
    response: repos.heldSchema,
  },
  deleteBranch: {
    tag: 'repos',
    role: 'administer',
    summary: 'Deletes a branch; its commits stay until they are cleaned up.',
    params: branchParameter,
    query: z.object({ head: expectedHeadSchema }),
    response: repos.branchPointSchema,
  },
  commits: {
    tag: 'repos',
    role: 'read',
    summary: 'A page of commits, newest first.',
    query: repos.commitsQuerySchema,
    response: repos.commitsPageSchema,
  },
  repos: {
    tag: 'repos',
    role: 'read',
    summary: 'The repos of a state.',
    query: repos.reposQuerySchema,
    response: repos.reposSchema,
  },
  items: {
    tag: 'repos',
    role: 'read',
    summary: 'A page of the exams or bundles in a repo.',
    params: repoParameter,
    query: repos.itemsQuerySchema,
    response: repos.itemsPageSchema,
  },
  item: {
    tag: 'repos',
    role: 'read',
    summary: 'The files of one exam or bundle in a repo.',
    params: repos.itemParameters,
    query: repos.itemQuerySchema,
    response: repos.itemSchema,
  },
  diff: {
    tag: 'repos',
    role: 'read',
    summary: 'What changed in a repo between two states.',
    params: repoParameter,
    query: repos.diffQuerySchema,
    response: repos.diffPageSchema,
  },
  revert: {
    tag: 'repos',
    role: 'administer',
    summary: 'Brings a repo back as it was, in a new commit.',
    params: repoParameter,
    body: repos.revertSchema,
    response: repos.revertedSchema,
  },
  preview: {
    tag: 'repos',
    role: 'read',
    summary: 'What a change would recompute. Changes nothing.',
    body: repos.previewSchema,
    response: repos.previewedSchema,
  },

  models: {
    tag: 'models',
    role: 'read',
    summary: 'The bundles of a state.',
    query: models.modelsQuerySchema,
    response: models.modelsSchema,
  },
  model: {
    tag: 'models',
    role: 'read',
    summary: 'One bundle with its card.',
    params: models.modelParameter,
    query: models.modelsQuerySchema,
    response: models.modelSchema,
  },
  useModel: {
    tag: 'models',
    role: 'administer',
    summary: 'Makes the pipeline use a bundle.',
    params: models.modelParameter,
    body: models.useModelSchema,
    response: models.usedModelSchema,
  },

  stages: {
    tag: 'stages',
    role: 'read',
    summary: 'The stages as a state wants them, in the order in which they run.',
    query: stages.stagesQuerySchema,
    response: stages.stagesSchema,
  },
  setStage: {
    tag: 'stages',
    role: 'administer',
    summary: 'Sets parameters, queue or version of a stage.',
    params: stages.stageParameter,
    body: stages.setStageSchema,
    response: stages.stageSetSchema,
  },

  inbox: {
    tag: 'inbox',
    role: 'read',
    summary: 'What waits in the inbox, and for what.',
    query: inbox.inboxQuerySchema,
    response: inbox.inboxSchema,
  },
  lookIntoInbox: {
    tag: 'inbox',
    role: 'operate',
    summary: 'Has the inbox looked into now.',
    body: z.object({ branch: branchSchema }).default({ branch: DEFAULT_BRANCH }),
    response: inbox.lookedSchema,
  },
  dismiss: {
    tag: 'inbox',
    role: 'operate',
    summary: 'Takes exams or bundles out of the inbox without committing them.',
    body: inbox.dismissSchema,
    response: inbox.dismissedSchema,
  },
  uploads: {
    tag: 'inbox',
    role: 'operate',
    summary: 'Uploads that are under way.',
    response: inbox.uploadsSchema,
  },
  beginUpload: {
    tag: 'inbox',
    role: 'operate',
    summary: 'Begins an upload: names its files, and says what is wrong with them.',
    body: inbox.beginUploadSchema,
    response: inbox.uploadSchema,
  },
  upload: {
    tag: 'inbox',
    role: 'operate',
    summary: 'How an upload stands.',
    params: inbox.uploadParameter,
    response: inbox.uploadSchema,
  },
  commitUpload: {
    tag: 'inbox',
    role: 'operate',
    summary: 'Commits the good exams of an upload, or hands them to the inbox.',
    params: inbox.uploadParameter,
    body: inbox.commitUploadSchema,
    response: inbox.committedUploadSchema,
  },
  abandonUpload: {
    tag: 'inbox',
    role: 'operate',
    summary: 'Removes what was uploaded and not committed.',
    params: inbox.uploadParameter,
    response: inbox.abandonedSchema,
  },
} as const satisfies Record<RouteName, RouteContract>;

export type Routes = typeof ROUTES;
export { errorSchema };
