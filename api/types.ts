/*
 * The types of what verbs take and return, in one place for programs that use mammoflow as a library.
 */

export type { Mend } from '../imaging/quality/mend.js';
export type { AcceptOptions, AcceptOutcome } from './changing/accept.js';
export type { BranchPoint, HoldOutcome, MoveOutcome } from './changing/branch.js';
export type { CollectGarbageOptions, GarbageOutcome } from './changing/collect-garbage.js';
export type { DismissOutcome } from './changing/dismiss.js';
export type { CommitOptions, Committed, FollowUp } from './changing/follow-up.js';
export type { ForgetOptions, ForgetOutcome, ForgetPreview } from './changing/forget.js';
export type { ImportModelsOptions, ImportOutcome } from './changing/import-models.js';
export type { MendedExam, MendOptions } from './changing/mend.js';
export type { ProcessOptions } from './changing/process.js';
export type { PutOptions, PutOutcome, PutProgress, Refusal } from './changing/put.js';
export type { RemoveOptions, RemoveOutcome } from './changing/remove.js';
export type { RepairOptions, RepairOutcome } from './changing/repair.js';
export type { RevertOptions, RevertOutcome } from './changing/revert.js';
export type { ArrivalsOutcome, SetArrivalsOptions } from './changing/set-arrivals.js';
export type { SetStageOptions, SetStageOutcome } from './changing/set-stage.js';
export type { UseBundleOptions, UseOutcome } from './changing/use-bundle.js';
export type { Mammoflow } from './mammoflow.js';
export type { BranchRow } from './reading/branches.js';
export type { CheckedExams, JudgedExam, NamedExam } from './reading/check-exams.js';
export type { CompareStatesOptions, Comparison } from './reading/compare.js';
export type { CompareOverview, CompareOverviewOptions } from './reading/compare-overview.js';
export type { DiffOptions, ItemDifference } from './reading/diff.js';
export type { ExamDetails, ExamViewDetails } from './reading/exam.js';
export type { ExamCommit, ExamCommitsOptions } from './reading/exam-commits.js';
export type { EraInUse, ExamLine, ExamOrder, ExamStateName, ExamsOptions, ExamsPage } from './reading/exams.js';
export type { ExamExplanation, ExplainOptions, StageExplanation } from './reading/explain.js';
export type { GetOptions, GetOutcome } from './reading/get.js';
export type { InboxReport } from './reading/inbox.js';
export type { InspectedExam, InspectionResult, InspectOptions, MendProposal } from './reading/inspect.js';
export type { JobState, JobSummary, RunningStage, WaitForJobOptions } from './reading/job.js';
export type { JobDetails, JobExam, JobExamsOptions } from './reading/job-details.js';
export type { JobRow, JobsOptions } from './reading/jobs.js';
export type { LogEntry, LogOptions } from './reading/log.js';
export type { FoundItem, ListedItem, LsItemOptions, LsOptions, RepoState } from './reading/ls.js';
export type { BundleDetails, BundleRow, BundleUse } from './reading/models.js';
export type { FullSize, PictureOptions, ViewVersion } from './reading/pictures.js';
export type { Preview, ProposedChange } from './reading/preview.js';
export type { RepoRow } from './reading/repos.js';
export type { ExamResult, ResultsOptions } from './reading/results.js';
export type { StageRow } from './reading/stages.js';
export type { ServedStage } from './reading/stages-served.js';
export type { Poller, ServicesStatus } from './reading/status.js';
export type { FileTrace, TracedFile, TraceOptions } from './reading/trace.js';
export type { Finding, VerifyOptions, VerifyOutcome } from './reading/verify.js';
