/** Everything a workflow worker serves. */
export { processCommit } from './process-commit.js';
export { processExam } from './process-exam.js';
