/**
 * The part of a visibility query that finds executions that are not over. Not `ExecutionStatus = 'Running'`: an execution
 * that was paused (Temporal 1.29 and later, where `WorkflowPauseEnabled` is set) has a status of its own, and goes on later.
 */
export const IS_OPEN = 'CloseTime IS NULL';

/** Whether an execution of this status (as `describe` names it) goes on, now or later. */
export const isOpen = (status: string): boolean => status === 'RUNNING' || status === 'PAUSED';
