const { default: Sequencer } = require("@jest/test-sequencer");

/** Files run in the order of their paths: the live tests number theirs. */
module.exports = class extends Sequencer {
  sort(tests) {
    return [...tests].sort((a, b) => a.path.localeCompare(b.path));
  }
};
