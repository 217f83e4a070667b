import { z } from 'zod';
import { MammoflowError } from './errors.js';

/** A time of the inbox's settings, in seconds: at most a day. */
export const inboxSecondsSchema = z.number().min(0).max(86_400);

/** When files that lie in the inbox are taken in. All times in seconds. */
export const inboxSettingsSchema = z.strictObject({
  /** A new exam with all four views is taken in when its newest file is this old. */
  quietSeconds: inboxSecondsSchema.default(2),
  /**
   * Files that complete or correct a committed exam are taken in when the newest is this old: longer, so that two
   * visits never mix because one of them is still on its way.
   */
  correctionQuietSeconds: inboxSecondsSchema.default(60),
  /** Views whose ages differ by more than this are flagged: they may belong to two visits. */
  spreadSeconds: inboxSecondsSchema.default(600),
  /** An exam that has been incomplete for this long is reported. */
  reportAfterSeconds: z.number().min(0).max(31_536_000).default(900),
});
export type InboxSettings = z.output<typeof inboxSettingsSchema>;

/** Variables of the environment that set {@link InboxSettings}. */
export const INBOX_VARIABLES: Readonly<Record<keyof InboxSettings, string>> = {
  quietSeconds: 'MAMMOFLOW_INBOX_QUIET_SECONDS',
  correctionQuietSeconds: 'MAMMOFLOW_INBOX_CORRECTION_QUIET_SECONDS',
  spreadSeconds: 'MAMMOFLOW_INBOX_SPREAD_SECONDS',
  reportAfterSeconds: 'MAMMOFLOW_INBOX_REPORT_AFTER_SECONDS',
};

/**
 * The settings that an environment gives, and the defaults.
 * @throws MammoflowError `invalid-configuration` naming the variable.
 */
export function inboxSettingsOf(environment: Readonly<Record<string, string | undefined>>): InboxSettings {
  const given = Object.entries(INBOX_VARIABLES).flatMap(([name, variable]) => {
    const text = environment[variable]?.trim();
    return text === undefined || text === '' ? [] : [[name, Number(text)]];
  });
  const settings = inboxSettingsSchema.safeParse(Object.fromEntries(given));
  if (settings.success) return settings.data;
  const issue = settings.error.issues[0];
  const variable = INBOX_VARIABLES[issue?.path[0] as keyof InboxSettings];
  throw new MammoflowError(
    'invalid-configuration',
    `${variable} is ${JSON.stringify(environment[variable])}: ${issue?.message}.`,
    'Give a number of seconds.',
  );
}
