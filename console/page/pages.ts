import { lazy } from 'react';
import { askAhead } from './api/queries.js';
import { examRequest } from './exam/exam-request.js';
import { decodePart } from './parts/decode-part.js';

const loadExam = () => import('./exam/exam-page.js');

// What most people look at first, the list of exams, comes with the page; the rest when it is opened.
export const ExamPage = lazy(async () => ({ default: (await loadExam()).ExamPage }));
export const ComparePage = lazy(async () => ({ default: (await import('./compare/compare-page.js')).ComparePage }));
export const CompareExamPage = lazy(async () => ({
  default: (await import('./compare/compare-exam-page.js')).CompareExamPage,
}));
export const JobsPage = lazy(async () => ({ default: (await import('./jobs/jobs-page.js')).JobsPage }));
export const JobPage = lazy(async () => ({ default: (await import('./jobs/job-page.js')).JobPage }));
export const ReposPage = lazy(async () => ({ default: (await import('./repos/repos-page.js')).ReposPage }));
export const RepoPage = lazy(async () => ({ default: (await import('./repos/repo-page.js')).RepoPage }));
export const ModelsPage = lazy(async () => ({ default: (await import('./models/models-page.js')).ModelsPage }));
export const ModelPage = lazy(async () => ({ default: (await import('./models/model-page.js')).ModelPage }));
export const StagesPage = lazy(async () => ({ default: (await import('./stages/stages-page.js')).StagesPage }));
export const InboxPage = lazy(async () => ({ default: (await import('./inbox/inbox-page.js')).InboxPage }));

/**
 * Begins with what an address shows while the session is still asked for. Only an exam's: its pictures are what people wait
 * for, and each of these steps would wait for the one before.
 */
export function beginWith({ pathname, search }: Pick<Location, 'pathname' | 'search'>): void {
  const [, exam] = /^\/exams\/([^/]+)$/.exec(pathname) ?? [];
  if (exam === undefined) return;
  loadExam().catch(() => undefined);
  askAhead('exam', examRequest(decodePart(exam), new URLSearchParams(search)));
}
