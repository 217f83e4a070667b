// Not JSON, because mocha adds files named on the command line to those of its configuration instead of taking only them.
const filesNamed = process.argv.some((argument) => argument.endsWith('.test.js'));

module.exports = {
  spec: filesNamed ? [] : ['dist/tests/**/*.test.js'],
  require: ['./dist/tests/support/services.js'],
  timeout: 120_000,
  parallel: false,
};
