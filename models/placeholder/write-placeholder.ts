import { resolve } from 'node:path';
import { writePlaceholderBundle } from './placeholder-bundle.js';

/** `npm run models:placeholder [folder]`: makes the placeholder bundle again, by default where it is committed. */
const folder = resolve(process.argv[2] ?? 'models/placeholder/bundle');
await writePlaceholderBundle(folder);
console.log(`The placeholder bundle lies in ${folder}.`);
