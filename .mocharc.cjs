// Not JSON, because mocha adds files named on the command line to those of its configuration instead of taking only them.
const filesNamed = process.argv.some((argument) => argument.endsWith('.test.js'));

// Told to `tests/support/services.ts`, which mocha does not tell.
if (!filesNamed) process.env.MAMMOFLOW_TEST_SIDE_BY_SIDE = '1';

module.exports = {
  spec: filesNamed ? [] : ['dist/tests/**/*.test.js'],
  require: ['./dist/tests/support/services.js'],
  // Ends what hangs, and decides nothing: a machine may do other things.
  timeout: 1_200_000,
  // Much of a run is waiting for something to die or to come back: the other process computes meanwhile.
  parallel: !filesNamed,
  jobs: 2,
};
