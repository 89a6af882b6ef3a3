// The samples as tsc took them are the samples as they are in their files.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { samples } from './samples.mjs';

const expected = JSON.parse(readFileSync(new URL('samples.json', import.meta.url), 'utf8'));
assert.equal(Object.keys(samples).length, expected.length);
for (const { file, body } of expected) {
  assert.deepEqual(JSON.parse(JSON.stringify(samples[file])), body, file);
}
console.log(`${expected.length} samples`);
