import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { execute, findOnPath, logToStderr } from '../../../infra/dev/tool-cache.js';
import { dicomPackages } from './packages.js';

/** Programs of others that read and judge DICOM, and the Debian packages that have them. */
const PACKAGES = {
  dsrdump: 'dcmtk',
  dcmpschk: 'dcmtk',
  storescu: 'dcmtk',
  storescp: 'dcmtk',
  echoscu: 'dcmtk',
  dcmcrle: 'dcmtk',
  dcmcjpeg: 'dcmtk',
  dcmcjpls: 'dcmtk',
  gdcmconv: 'libgdcm-tools',
  dciodvfy: 'dicom3tools',
  java: 'default-jre-headless',
  pixelmed: 'libpixelmed-java',
  orthanc: 'orthanc',
  'orthanc-dicomweb': 'orthanc-dicomweb',
} as const;
export type Peer = keyof typeof PACKAGES;
export type DicomTool = Exclude<Peer, 'pixelmed' | 'orthanc' | 'orthanc-dicomweb'>;

/** The SR validator of PixelMed, in Debian's `libpixelmed-java`; it needs `java`. */
const PIXELMED = '/usr/share/java/pixelmed.jar';

const python = (): string => findOnPath('python3') ?? 'python';

/** Runs a Python script (its text) that may import pydicom and highdicom, and parses the JSON that it prints. */
export async function runPython(script: string, ...args: readonly string[]): Promise<unknown> {
  const packages = await dicomPackages();
  const env = { ...process.env, PYTHONPATH: [packages, process.env.PYTHONPATH].filter(Boolean).join(delimiter) };
  const { stdout } = await execute(python(), ['-c', script, ...args], { env, maxBuffer: 2 ** 28 });
  return JSON.parse(stdout);
}

export interface ToolAnswer {
  readonly code: number;
  /** Standard output and standard error, as these programs write to either. */
  readonly output: string;
}

/** Runs a program to its end, whatever its exit code. */
export function runTool(tool: DicomTool, ...args: readonly string[]): Promise<ToolAnswer> {
  return new Promise((resolve) => {
    execFile(tool, args, { maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr });
    });
  });
}

/**
 * What PixelMed's validator says of a structured report: it knows the rows of TID 4000 and TID 1500. It compiles six
 * megabytes of XSLT each time (half a minute), more than Java's limits on XPath allow unless they are lifted.
 */
export const runPixelmed = (file: string): Promise<ToolAnswer> =>
  runTool(
    'java',
    ...['xpathTotalOpLimit', 'xpathExprOpLimit', 'xpathExprGrpLimit'].map((limit) => `-Djdk.xml.${limit}=0`),
    '-cp',
    `${PIXELMED}${delimiter}/usr/share/java/*`,
    'com.pixelmed.validate.DicomSRValidator',
    file,
  );

/** Installs what is missing where that is allowed; says why where it is not. */
function missing(tools: readonly Peer[]): string | undefined {
  const lacks = tools.filter((tool) => !isThere(tool));
  if (lacks.length === 0) return undefined;
  const packages = [...new Set(lacks.map((tool) => PACKAGES[tool]))];
  if (process.getuid?.() !== 0 || findOnPath('apt-get') === undefined) {
    return `needs ${packages.join(', ')} of Debian, which only root can install`;
  }
  const options = ['-o', 'DPkg::Lock::Timeout=300', 'install', '--yes', '--no-install-recommends', ...packages];
  // A run level of one user keeps packages from starting their services.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const install = () => spawnSync('apt-get', options, { env, encoding: 'utf8' });
  let answer = install();
  if (answer.status !== 0) {
    spawnSync('apt-get', ['update'], { env });
    answer = install();
  }
  if (answer.status === 0) return undefined;
  return `apt-get cannot install ${packages.join(', ')}: ${answer.stderr.trim().split('\n').at(-1)}`;
}

/** Programs and files that are not on every user's PATH, by where Debian has them. */
const PLACES: Readonly<Partial<Record<Peer, string>>> = {
  pixelmed: PIXELMED,
  orthanc: '/usr/sbin/Orthanc',
  'orthanc-dicomweb': '/usr/share/orthanc/plugins/libOrthancDicomWeb.so',
};

const isThere = (tool: Peer): boolean => {
  const place = PLACES[tool];
  return place === undefined ? findOnPath(tool) !== undefined : existsSync(place);
};

/**
 * A test that needs programs of others. Without them it is reported as skipped with the reason, or fails where
 * `MAMMOFLOW_REQUIRE_DICOM_PEERS=1` says that they must be there (CI).
 */
export function itWithTools(
  tools: readonly Peer[],
  title: string,
  test: (this: Mocha.Context) => Promise<void> | void,
): void {
  it(title, function () {
    const reason = missing(tools);
    if (reason === undefined) return test.call(this);
    if (process.env.MAMMOFLOW_REQUIRE_DICOM_PEERS === '1') throw new Error(reason);
    if (this.test) this.test.title += ` (skipped: ${reason})`;
    this.skip();
  });
}

/** Run before the tests, so that no test waits for a download. */
if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  const reason = missing(Object.keys(PACKAGES) as Peer[]);
  if (reason !== undefined) logToStderr(`some tests of DICOM objects will be skipped: ${reason}`);
}
