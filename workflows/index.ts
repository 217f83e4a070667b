/** Everything a workflow worker serves. */
export { deliverExam } from './deliver-exam.js';
export { processCommit } from './process-commit.js';
export { processExam } from './process-exam.js';
export { remindTakeIn } from './remind-take-in.js';
export { takeIn } from './take-in.js';
