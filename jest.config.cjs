/** One project a level of the test ladder (docs/architecture.md, "Tests"); `npm run test:<level>` selects it. */
const level = (name, testMatch, more = {}) => ({
  displayName: name,
  rootDir: __dirname,
  testEnvironment: "node",
  testMatch: testMatch.map((glob) => `<rootDir>/test/${glob}`),
  transform: { "^.+\\.[cm]?tsx?$": ["ts-jest", { diagnostics: false }] },
  ...more,
});

/** Levels that run the whole program. */
const workers = { globalSetup: `${__dirname}/test/support/buildWorkers.ts` };

module.exports = {
  testSequencer: `${__dirname}/test/support/sequencer.cjs`,
  projects: [
    level("unit", ["unit/**/*.test.ts"], workers),
    level("rules", ["rules/**/*.test.ts"]),
    level("dashboards", ["dashboards/**/*.test.ts"], {
      setupFilesAfterEnv: [`${__dirname}/test/support/liveTimeout.ts`],
    }),
    level("policies", ["policies/**/*.test.ts"], workers),
    level("objects", ["objects/*.test.ts"], {
      globalSetup: `${__dirname}/test/support/operatorDefinitions.ts`,
      setupFilesAfterEnv: [`${__dirname}/test/support/liveTimeout.ts`],
    }),
    level("workloads", ["workloads/*.test.ts"], {
      setupFilesAfterEnv: [`${__dirname}/test/support/liveTimeout.ts`],
    }),
    level("faults", ["workloads/faults/*.test.ts"], {
      setupFilesAfterEnv: [`${__dirname}/test/support/liveTimeout.ts`],
    }),
    level("regression", ["regression/*.test.ts"], {
      setupFilesAfterEnv: [`${__dirname}/test/support/liveTimeout.ts`],
    }),
    // these change and destroy the running sandbox: only `npm run test:sandbox` asks for them
    ...(process.env.FEDERATION_LIVE_TESTS === "1"
      ? [
          level("sandbox", ["sandbox/**/*.test.ts"], {
            setupFilesAfterEnv: [`${__dirname}/test/support/liveTimeout.ts`],
          }),
          level("alerts", ["alerts/*.test.ts"], {
            setupFilesAfterEnv: [`${__dirname}/test/support/liveTimeout.ts`],
          }),
          level("improvement", ["improvement/*.test.ts"], {
            setupFilesAfterEnv: [`${__dirname}/test/support/liveTimeout.ts`],
          }),
        ]
      : []),
  ],
};
