import { userInfo } from 'node:os';

/**
 * Who runs this process. In containers the user often has no entry in the table of users (`--user`, OpenShift), and
 * Node's own function throws: then it is what the shell says, else the number.
 */
export function userName(environment: NodeJS.ProcessEnv = process.env): string {
  try {
    return userInfo().username;
  } catch {
    return environment.USER || environment.LOGNAME || `user-${process.getuid?.() ?? 'unknown'}`;
  }
}
