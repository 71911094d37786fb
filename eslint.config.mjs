import tseslint from "typescript-eslint";
import importX from "eslint-plugin-import-x";
import { createTypeScriptImportResolver } from "eslint-import-resolver-typescript";

/** The rooms of the house and what each may import (docs/architecture.md). */
const rooms = {
  metrics: [],
  rules: ["metrics"],
  dashboards: ["metrics"],
  settings: ["metrics", "rules"],
  components: ["metrics", "rules", "dashboards"],
  program: ["settings", "components", "dashboards", "metrics", "rules"],
  workloads: ["metrics"],
  policies: ["metrics"],
  commands: ["settings", "components", "dashboards", "metrics", "rules", "workloads"],
};
const every = [
  "bench",
  "commands",
  "components",
  "dashboards",
  "metrics",
  "policies",
  "program",
  "rules",
  "sandbox",
  "scripts",
  "settings",
  "test",
  "workloads",
];

/** The only files through which a room may look into another that is closed to it: a worker's settings, a result's names. */
const doors = {
  settings: ["./benchmark/driver/durations.ts"],
  components: [
    "./model-sync/settings.ts",
    "./model-sync/settingsError.ts",
    "./model-sync/retention/settings.ts",
    "./benchmark/driver/settings.ts",
    "./benchmark/driver/settingsError.ts",
    "./benchmark/driver/durations.ts",
    "./benchmark/driver/stopwatch/shadow.ts",
    "./benchmark/result.ts",
  ],
  program: ["./benchmark/result.ts"],
};

/** One zone a room: everything outside it and outside what it may import is closed to it. */
const zones = Object.entries(rooms).map(([room, allowed]) => ({
  target: `./${room}`,
  from: every.filter((other) => other !== room && !allowed.includes(other)).map((other) => `./${other}`),
  except: doors[room] ?? [],
  message: `${room}/ may import only ${["itself", ...allowed.map((name) => `${name}/`)].join(", ")}`,
}));

export default tseslint.config(
  { ignores: ["node_modules/**", ".sandbox/**", "dist/**", "**/*.mjs", "**/*.cjs"] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { "import-x": importX },
    settings: { "import-x/resolver-next": [createTypeScriptImportResolver()] },
    rules: {
      "import-x/no-restricted-paths": ["error", { zones }],
      "import-x/no-cycle": "error",
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/no-confusing-void-expression": "off",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "max-lines": ["error", { max: 350, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ["test/**/*.ts"],
    rules: { "max-lines": "off", "@typescript-eslint/no-non-null-assertion": "off" },
  },
);
