/** One project a level of the test ladder (docs/architecture.md, "Tests"); `npm run test:<level>` selects it. */
const level = (name, testMatch) => ({
  displayName: name,
  rootDir: __dirname,
  testEnvironment: "node",
  testMatch: testMatch.map((glob) => `<rootDir>/test/${glob}`),
  transform: { "^.+\\.[cm]?tsx?$": ["ts-jest", { isolatedModules: true, diagnostics: false }] },
});

module.exports = {
  projects: [
    level("unit", ["unit/**/*.test.ts"]),
    level("rules", ["rules/**/*.test.ts"]),
    level("policies", ["policies/**/*.test.ts"]),
    level("sandbox", ["sandbox/**/*.test.ts"]),
  ],
};
