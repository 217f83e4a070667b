import { z } from 'zod';
import { branchNameSchema } from './commit.js';
import { findingOptionsSchema, OBJECT_KINDS } from './result-objects.js';

/** What a destination is called: in the command, in keys and in workflow ids. */
export const destinationNameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'a destination is named by 1 to 32 lower-case letters, digits and "-"');

/** PS3.5 6.2: at most 16 characters of ASCII, no backslash, and not only spaces. */
const titleSchema = z.string().regex(/^(?! *$)[\x20-\x5b\x5d-\x7e]{1,16}$/, 'an AE title has 1 to 16 characters');

/**
 * Credentials are in the environment of whoever sends, and only their variable's name is here. The names are bound to a
 * beginning, so that nobody who may set a destination can have any other variable sent to it.
 */
const CREDENTIALS = 'MAMMOFLOW_DESTINATION_';
const variableSchema = z
  .string()
  .regex(new RegExp(`^${CREDENTIALS}[A-Z0-9_]{1,64}$`), `a variable whose name begins with ${CREDENTIALS}`);

function isPlainAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && [username, password, search, hash].every((part) => part === '');
}

const shared = {
  /** Which objects it gets; all but parametric maps unless said. */
  objects: z.array(z.enum(OBJECT_KINDS)).min(1).optional(),
  ...findingOptionsSchema.shape,
  /** Whose patient and study the objects name. `original`: an exam that the map does not have is not sent. */
  identity: z.enum(['original', 'pseudonyms']).default('original'),
  /** The branch whose results are sent as they land. Absent: only what somebody exports. */
  automatic: branchNameSchema.optional(),
  /** After which it is given up, and waits in the list of what was not delivered. */
  giveUpAfterHours: z
    .number()
    .min(0.001)
    .max(24 * 90)
    .default(72),
};

/** Where results go. */
export const destinationSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('web'),
    /** The base of its DICOMweb services. */
    url: z
      .string()
      .max(500)
      .refine(isPlainAddress, 'an address such as https://archive.example.org/dicom-web, without credentials'),
    /** The variable that holds the value of the header Authorization, e.g. `Bearer …`. */
    authorization: variableSchema.optional(),
    ...shared,
  }),
  z.strictObject({
    kind: z.literal('association'),
    host: z.string().regex(/^[A-Za-z0-9.:-]{1,253}$/, 'a host name or address'),
    port: z.number().int().min(1).max(65535),
    calledTitle: titleSchema,
    callingTitle: titleSchema.default('MAMMOFLOW'),
    ...shared,
  }),
]);
export type Destination = z.infer<typeof destinationSchema>;
export type Destinations = Readonly<Record<string, Destination>>;
