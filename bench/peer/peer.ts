import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { cached, cacheFolder, execute, type Log } from '../../infra/dev/tool-cache.js';
import { packageRoot } from '../../infra/package-root.js';

/** Not compiled, hence in the source tree. */
const FOLDER = join(packageRoot, 'bench', 'peer');

/** How the peer is run. `shipped` is the original's batch and the system's allocator as it is. */
export const PEER_SETTINGS = {
  shipped: { batch: 100, environment: {} },
  /** Keeps freed memory instead of handing it back, since most of the time as shipped is page faults. */
  tuned: {
    batch: 16,
    environment: {
      MALLOC_TRIM_THRESHOLD_: '-1',
      MALLOC_MMAP_THRESHOLD_: '4294967296',
      MALLOC_TOP_PAD_: '268435456',
    },
  },
} as const;
export type PeerSetting = keyof typeof PEER_SETTINGS;

const probabilities = z.record(z.string(), z.number());
const peerResultSchema = z.object({
  seconds: z.record(z.string(), z.number()),
  peakBytes: z.record(z.string(), z.number()),
  batch: z.number(),
  image: probabilities,
  imageheatmaps: probabilities,
  golden: z.object({ largestPredictionDifference: z.number(), largestHeatmapDifference: z.number() }).optional(),
});
export type PeerResult = z.infer<typeof peerResultSchema>;

export interface Peer {
  readonly torch: string;
  /** Does the whole work on an exam. @throws Error when it fails, or when its numbers differ from the recorded ones. */
  run(setting: PeerSetting, exam: string): Promise<PeerResult>;
}

/**
 * Makes the peer's virtual environment in the user's cache, unless it is there already.
 * @throws Error when it cannot be made, torch being what cannot be had most often.
 */
export async function openPeer(settings: {
  readonly checkpoints: string;
  readonly golden: string | undefined;
  readonly log: Log;
}): Promise<Peer> {
  const requirements = join(FOLDER, 'requirements.txt');
  const digest = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 12);
  const environment = await cached(join(cacheFolder(), `bench-peer-${digest}`), settings.log, async (folder) => {
    settings.log('making the virtual environment of the peer (torch, several gigabytes)');
    const made = join(folder, 'environment');
    await execute('python3', ['-m', 'venv', made]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements];
    await execute(join(made, 'bin', 'python'), pip);
    return made;
  });
  const python = join(environment, 'bin', 'python');
  const { stdout } = await execute(python, ['-c', 'import torch; print(torch.__version__)']);
  return {
    torch: stdout.trim(),
    async run(setting, exam) {
      const { batch, environment: variables } = PEER_SETTINGS[setting];
      const work = await mkdtemp(join(tmpdir(), 'mammoflow-peer-'));
      try {
        const args = [join(FOLDER, 'original.py'), 'all', '--exam', exam, '--checkpoints', settings.checkpoints];
        args.push('--work', join(work, 'work'), '--batch', String(batch));
        if (settings.golden !== undefined && existsSync(settings.golden)) args.push('--golden', settings.golden);
        const answer = await execute(python, args, { env: { ...process.env, ...variables }, maxBuffer: 1e8 });
        return peerResultSchema.parse(JSON.parse(answer.stdout));
      } finally {
        await rm(work, { recursive: true, force: true });
      }
    },
  };
}
