import { once } from 'node:events';
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Unzip, type UnzipFile, UnzipInflate } from 'fflate';
import { MammoflowError } from '../../pipeline/errors.js';

/** Beyond what a disc or a study holds: an archive that unpacks to more is none of exams. */
const MOST_FILES = 50_000;
const MOST_BYTES = 64 * 1024 ** 3;

/**
 * Unpacks a ZIP archive into a folder, file by file and in bounded memory. Names lead to no other place: of each, only
 * plain parts are used.
 *
 * @throws MammoflowError `invalid-argument` for an archive that is damaged, cut short, encrypted or absurdly large.
 */
export async function unpackZip(path: string, folder: string): Promise<void> {
  const broken = (problem: string, cause?: unknown): MammoflowError =>
    new MammoflowError('invalid-argument', `${basename(path)} ${problem}.`, 'Unpack it, and put the folder.', {
      cause,
    });
  await mkdir(folder, { recursive: true });
  let files = 0;
  let bytes = 0;
  let failure: unknown;
  let ended = 0;
  const writing: Promise<unknown>[] = [];
  /** Streams whose disk is slower than what is unpacked. */
  const full = new Set<WriteStream>();
  const unzip = new Unzip((entry: UnzipFile) => {
    if (entry.name.endsWith('/')) return;
    files += 1;
    if (files > MOST_FILES) failure ??= broken(`holds more than ${MOST_FILES} files`);
    if (failure !== undefined) return;
    const parts = entry.name.split(/[/\\]/).filter((part) => part !== '' && part !== '.' && part !== '..');
    const target = join(folder, String(files), ...parts.map((part) => part.replace(/[\p{Cc}:]/gu, '_').slice(0, 120)));
    let stream: WriteStream | undefined;
    let chunks: Uint8Array[] = [];
    writing.push(
      mkdir(dirname(target), { recursive: true }).then(() => {
        stream = createWriteStream(target);
        for (const chunk of chunks) stream.write(chunk);
        if (isDone) stream.end();
        chunks = [];
        return once(stream, 'close');
      }),
    );
    let isDone = false;
    entry.ondata = (error, chunk, final) => {
      if (error !== null) {
        failure ??= broken('is damaged', error);
        return;
      }
      bytes += chunk.length;
      if (bytes > MOST_BYTES) failure ??= broken(`unpacks to more than ${MOST_BYTES / 1024 ** 3} GiB`);
      if (stream === undefined) chunks.push(chunk.slice());
      else if (!stream.write(chunk.slice())) full.add(stream);
      if (!final) return;
      isDone = true;
      ended += 1;
      stream?.end();
    };
    entry.start();
  });
  unzip.register(UnzipInflate);
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
      unzip.push(chunk as Buffer);
      if (failure !== undefined) throw failure;
      await Promise.all([...full].map((stream) => stream.writableNeedDrain && once(stream, 'drain')));
      full.clear();
    }
    unzip.push(new Uint8Array(0), true);
  } catch (error) {
    throw error instanceof MammoflowError ? error : broken('cannot be unpacked', error);
  }
  if (failure !== undefined) throw failure;
  if (ended < files) throw broken('is cut short');
  await Promise.all(writing);
}
