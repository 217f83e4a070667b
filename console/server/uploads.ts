import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import type { Mammoflow } from '../../api/mammoflow.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { committedSchema } from '../contract/common.js';
import type { beginUploadSchema, committedUploadSchema, commitUploadSchema, Upload } from '../contract/inbox.js';
import { UPLOAD_LIMITS } from '../contract/words.js';
import { HttpError } from './http-error.js';

/*
 * Uploads lie in a folder of the console's data until they are committed:
 *
 *   uploads/<upload>/upload.json           what is to come, as it was announced
 *                    <exam>/<file>         a file as far as it has come: its size is where the next piece goes on
 *
 * Nothing else is remembered, so that an upload survives a restart of the console.
 */

const manifestSchema = z.object({
  upload: z.string(),
  branch: z.string(),
  author: z.string(),
  began: z.string(),
  exams: z.array(
    z.object({
      exam: z.string(),
      reason: z.string().optional(),
      replaces: z.boolean(),
      files: z.array(z.object({ file: z.string(), size: z.number().int().nonnegative() })),
    }),
  ),
  leftOut: z.array(z.string()),
  outcome: committedSchema.nullable(),
  committed: z.array(z.string()),
});
type Manifest = z.infer<typeof manifestSchema>;

type CommitRequest = z.output<typeof commitUploadSchema>;
type CommitOutcome = z.output<typeof committedUploadSchema>;

/** A name that stays in the folder it is put into. */
const PLAIN_NAME = /^(?!\.{1,2}$)[^/\\\p{Cc}]{1,200}$/u;
const HOUR_MS = 3_600_000;

export interface Uploads {
  begin(mammoflow: Mammoflow, author: string, request: z.output<typeof beginUploadSchema>): Promise<Upload>;
  list(mammoflow: Mammoflow): Promise<Upload[]>;
  /** @throws MammoflowError `not-found`. */
  state(mammoflow: Mammoflow, upload: string): Promise<Upload>;
  /**
   * Adds a piece to a file. What has come of a piece whose connection is lost stays.
   *
   * @returns how much of the file is here now.
   * @throws HttpError `offset-mismatch` when the piece does not begin where the file ends, `too-large` beyond what was
   *   announced or what is taken at once.
   */
  receive(upload: string, exam: string, file: string, offset: number, body: Readable): Promise<number>;
  commit(mammoflow: Mammoflow, upload: string, request: CommitRequest): Promise<CommitOutcome>;
  abandon(upload: string): Promise<void>;
}

/** @param folder where uploads lie; readable for nobody else. */
export function openUploads(folder: string): Uploads {
  /** Files that somebody sends right now, and uploads that are being committed. */
  const busy = new Set<string>();
  const storing = new Map<string, { done: number; of: number }>();
  /** What opening the files of an exam said, by what is on disk. */
  const checked = new Map<string, Promise<string | undefined>>();

  const folderOf = (upload: string): string => join(folder, upload);

  async function read(upload: string): Promise<Manifest> {
    try {
      return manifestSchema.parse(JSON.parse(await readFile(join(folderOf(upload), 'upload.json'), 'utf8')));
    } catch {
      throw new MammoflowError(
        'not-found',
        `There is no upload ${upload}.`,
        'Begin it again: it may have been too old.',
      );
    }
  }

  async function write(manifest: Manifest): Promise<void> {
    const path = join(folderOf(manifest.upload), 'upload.json');
    await writeFile(`${path}.new`, JSON.stringify(manifest), { mode: 0o600 });
    await rename(`${path}.new`, path);
  }

  async function ids(): Promise<string[]> {
    const names = await readdir(folder).catch(() => []);
    return names.filter((name) => /^[0-9a-f]{32}$/.test(name));
  }

  const sizeOf = async (upload: string, exam: string, file: string): Promise<number> =>
    (await stat(join(folderOf(upload), exam, file)).catch(() => undefined))?.size ?? 0;

  async function lastTouched(upload: string): Promise<number> {
    const times = [
      await stat(folderOf(upload)).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ];
    for (const name of await readdir(folderOf(upload)).catch(() => [])) {
      times.push(
        await stat(join(folderOf(upload), name)).then(
          ({ mtimeMs }) => mtimeMs,
          () => 0,
        ),
      );
      for (const file of await readdir(join(folderOf(upload), name)).catch(() => [])) {
        times.push(
          await stat(join(folderOf(upload), name, file)).then(
            ({ mtimeMs }) => mtimeMs,
            () => 0,
          ),
        );
      }
    }
    return Math.max(...times);
  }

  /** Uploads that nobody touched for a day go, whoever forgot them. */
  async function removeOld(): Promise<void> {
    const eldest = Date.now() - UPLOAD_LIMITS.hours * HOUR_MS;
    for (const upload of await ids()) {
      if (!busy.has(upload) && (await lastTouched(upload)) < eldest)
        await rm(folderOf(upload), { recursive: true, force: true });
    }
  }

  async function stateOf(mammoflow: Mammoflow, manifest: Manifest): Promise<Upload> {
    const { upload } = manifest;
    const exams = await Promise.all(
      manifest.exams.map(async ({ exam, reason, replaces, files }): Promise<Upload['exams'][number]> => {
        const received = await Promise.all(
          files.map(async ({ file, size }) => ({
            file,
            size,
            received: reason === undefined ? Math.min(size, await sizeOf(upload, exam, file)) : 0,
          })),
        );
        const base = { exam, replaces, files: received };
        if (manifest.committed.includes(exam)) {
          return {
            ...base,
            state: 'committed',
            files: files.map(({ file, size }) => ({ file, size, received: size })),
          };
        }
        if (reason !== undefined) return { ...base, state: 'refused', reason };
        if (received.some((file) => file.received < file.size)) return { ...base, state: 'expecting' };
        const problem = await check(mammoflow, upload, exam);
        return problem === undefined ? { ...base, state: 'good' } : { ...base, state: 'refused', reason: problem };
      }),
    );
    const files = exams.flatMap((exam) => (exam.state === 'refused' ? [] : exam.files));
    return {
      ...{ upload, branch: manifest.branch, author: manifest.author, began: manifest.began, exams },
      leftOut: manifest.leftOut,
      received: files.reduce((sum, { received }) => sum + received, 0),
      size: files.reduce((sum, { size }) => sum + size, 0),
      outcome: manifest.outcome,
      storing: storing.get(upload) ?? null,
    };
  }

  /** Opens the files of an exam that are all here. @returns why it cannot be committed. */
  function check(mammoflow: Mammoflow, upload: string, exam: string): Promise<string | undefined> {
    const key = `${upload}/${exam}`;
    const known = checked.get(key);
    if (known !== undefined) return known;
    const checking = mammoflow
      .checkExams({ paths: [join(folderOf(upload), exam)] })
      .then(({ refused }) => refused[0]?.reason)
      .catch((error) => {
        if (error instanceof MammoflowError) return error.message;
        checked.delete(key);
        throw error;
      });
    checked.set(key, checking);
    return checking;
  }

  async function forgetChecks(upload: string): Promise<void> {
    for (const key of checked.keys()) if (key.startsWith(`${upload}/`)) checked.delete(key);
  }

  return {
    async begin(mammoflow, author, { files, branch }) {
      await removeOld();
      const uploads = await ids();
      if (uploads.length >= UPLOAD_LIMITS.uploads) {
        throw new HttpError(
          413,
          'too-large',
          `There are ${uploads.length} uploads already.`,
          'Commit or abandon one of them.',
        );
      }
      const byExam = new Map<string, { file: string; size: number }[]>();
      for (const { exam, file, size } of files) byExam.set(exam, [...(byExam.get(exam) ?? []), { file, size }]);
      if (byExam.size > UPLOAD_LIMITS.exams) {
        throw new HttpError(
          413,
          'too-large',
          `These are ${byExam.size} exams, and ${UPLOAD_LIMITS.exams} are taken at once.`,
          'Send them in several uploads.',
        );
      }
      const there = await Promise.all(uploads.map(async (id) => (await read(id).catch(() => undefined))?.exams ?? []));
      const announced = there
        .flat()
        .flatMap((exam) => exam.files)
        .reduce((sum, { size }) => sum + size, 0);
      const more = files.reduce((sum, { size }) => sum + size, 0);
      if (announced + more > UPLOAD_LIMITS.totalBytes) {
        throw new HttpError(
          413,
          'too-large',
          'Together with what others are sending that is more than fits here.',
          'Send less at once.',
        );
      }
      const leftOut: string[] = [];
      const exams: Manifest['exams'] = [];
      for (const [exam, own] of byExam) {
        const judged = await mammoflow.judgeExamNames({ exam, files: own });
        const part = own.filter(({ file }) => judged.files.includes(file));
        if (judged.reason === undefined)
          leftOut.push(...own.filter(({ file }) => !judged.files.includes(file)).map(({ file }) => `${exam}/${file}`));
        const twice = new Set(own.map(({ file }) => file)).size < own.length;
        const strange = part.some(({ file, size }) => !PLAIN_NAME.test(file) || size > UPLOAD_LIMITS.fileBytes);
        const reason =
          judged.reason ??
          (twice ? `Exam ${exam} has a file twice. Send each once.` : undefined) ??
          (strange ? `Exam ${exam} has a file that is too large or whose name cannot be kept. Rename it.` : undefined);
        exams.push({
          exam,
          replaces: await isCommitted(mammoflow, branch, exam, judged.reason),
          files: reason === undefined ? part : own,
          ...(reason === undefined ? {} : { reason }),
        });
      }
      const upload = randomBytes(16).toString('hex');
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await mkdir(folderOf(upload), { mode: 0o700 });
      const manifest: Manifest = {
        ...{ upload, branch, author, began: new Date().toISOString(), exams, leftOut },
        outcome: null,
        committed: [],
      };
      await write(manifest);
      return stateOf(mammoflow, manifest);
    },

    async list(mammoflow) {
      const manifests = await Promise.all((await ids()).map((upload) => read(upload).catch(() => undefined)));
      return Promise.all(
        manifests.flatMap((manifest) => (manifest === undefined ? [] : [stateOf(mammoflow, manifest)])),
      );
    },

    state: async (mammoflow, upload) => stateOf(mammoflow, await read(upload)),

    async receive(upload, exam, file, offset, body) {
      const manifest = await read(upload);
      const expected = manifest.exams.find((one) => one.exam === exam && one.reason === undefined);
      const size = expected?.files.find((one) => one.file === file)?.size;
      if (size === undefined || manifest.committed.includes(exam)) {
        throw new MammoflowError(
          'not-found',
          `${exam}/${file} is not expected in this upload.`,
          'Begin an upload that names it.',
        );
      }
      const key = `${upload}/${exam}/${file}`;
      if (busy.has(key))
        throw new HttpError(409, 'offset-mismatch', `${exam}/${file} is being sent already.`, 'Wait for it.', {
          received: await sizeOf(upload, exam, file),
        });
      busy.add(key);
      try {
        const path = join(folderOf(upload), exam, file);
        const here = await sizeOf(upload, exam, file);
        if (offset !== here)
          throw new HttpError(409, 'offset-mismatch', `${exam}/${file} goes on at ${here}.`, undefined, {
            received: here,
          });
        await mkdir(join(folderOf(upload), exam), { recursive: true, mode: 0o700 });
        // An empty file has no piece that would make it.
        await (await open(path, 'a', 0o600)).close();
        let count = 0;
        const bound = new Transform({
          transform(chunk: Buffer, _encoding, done) {
            count += chunk.length;
            if (count > UPLOAD_LIMITS.pieceBytes || here + count > size) {
              done(
                new HttpError(
                  413,
                  'too-large',
                  `${exam}/${file} is larger than was announced, or than one piece may be.`,
                ),
              );
            } else done(null, chunk);
          },
        });
        await pipeline(body, bound, createWriteStream(path, { flags: 'a' })).catch(async (error) => {
          if (error instanceof HttpError) await truncate(path, here);
          throw error;
        });
        checked.delete(`${upload}/${exam}`);
        return here + count;
      } finally {
        busy.delete(key);
      }
    },

    async commit(mammoflow, upload, { message, into }) {
      const manifest = await read(upload);
      if (manifest.outcome !== null)
        return {
          ...manifest.outcome,
          exams: manifest.committed,
          refused: refusedOf(await stateOf(mammoflow, manifest)),
        };
      if (busy.has(upload))
        throw new MammoflowError('invalid-argument', 'This upload is being committed already.', 'Wait for it.');
      busy.add(upload);
      try {
        const state = await stateOf(mammoflow, manifest);
        const waiting = state.exams.filter((exam) => exam.state === 'expecting');
        if (waiting.length > 0) {
          throw new MammoflowError(
            'invalid-argument',
            `${waiting.length} of the exams are not all here yet, e.g. ${waiting[0]?.exam}.`,
            'Send the rest first.',
          );
        }
        const good = state.exams.filter((exam) => exam.state === 'good').map(({ exam }) => exam);
        if (good.length === 0)
          throw new MammoflowError(
            'invalid-exam',
            'None of these exams can be committed.',
            'See the reason beside each.',
          );
        const paths = good.map((exam) => join(folderOf(upload), exam));
        const outcome = await send(mammoflow, manifest, paths, { message, into });
        const done: Manifest = { ...manifest, outcome, committed: good };
        await write(done);
        for (const path of paths) await rm(path, { recursive: true, force: true });
        return { ...outcome, exams: good, refused: refusedOf(state) };
      } finally {
        busy.delete(upload);
        storing.delete(upload);
      }
    },

    async abandon(upload) {
      await read(upload);
      if (busy.has(upload))
        throw new MammoflowError('invalid-argument', 'This upload is being committed.', 'Wait for it.');
      await rm(folderOf(upload), { recursive: true, force: true });
      await forgetChecks(upload);
    },
  };

  async function send(
    mammoflow: Mammoflow,
    { upload, branch }: Manifest,
    paths: readonly string[],
    { message, into }: CommitRequest,
  ): Promise<z.infer<typeof committedSchema>> {
    if (into === 'inbox') {
      await mammoflow.sendToInbox({ paths });
      // Whoever sends by hand does not want to wait for the next look.
      await mammoflow.lookIntoInbox({ branch }).catch(() => undefined);
      return { commit: null, job: null };
    }
    const { commit, job, held } = await mammoflow.put({
      repo: 'exams',
      paths,
      branch,
      ...(message === undefined ? {} : { message }),
      onProgress: ({ filesDone, files }) => storing.set(upload, { done: filesDone, of: files }),
    });
    return { commit, job, ...(held === undefined ? {} : { held }) };
  }
}

const refusedOf = ({ exams }: Upload): CommitOutcome['refused'] =>
  exams.flatMap(({ exam, state, reason }) => (state === 'refused' ? [{ exam, reason: reason ?? '' }] : []));

async function isCommitted(
  mammoflow: Mammoflow,
  branch: string,
  exam: string,
  wrong: string | undefined,
): Promise<boolean> {
  if (wrong !== undefined) return false;
  try {
    await mammoflow.lsItem({ repo: 'exams', item: exam, ref: branch });
    return true;
  } catch (error) {
    if (error instanceof MammoflowError) return false;
    throw error;
  }
}
