#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { setSourceMapsEnabled } from 'node:process';
import { fileURLToPath } from 'node:url';

const main = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(fileURLToPath(main))) {
  setSourceMapsEnabled(true);
  const { run } = await import(main);
  process.exitCode = await run(process.argv);
} else {
  console.error('error: mammoflow has not been built. Run `npm ci && npm run build` in its folder.');
  process.exitCode = 1;
}
