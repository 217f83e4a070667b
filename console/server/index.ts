export { type ConsoleOptions, type RunningConsole, startConsole } from './console.js';
export { type AccessSettings, accessSettings } from './settings.js';
