import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build, type Plugin } from "esbuild";

/** The stand-ins by the name of the file each is bundled into. */
const entries = {
  "language-host": "language-host.ts",
  analyzer: "analyzer.ts",
  "provider-kubernetes": "kubernetes/main.ts",
  "provider-minio": "minio/main.ts",
  "provider-command": "command/main.ts",
} as const;

/** Names of the bundles, without extension. */
export type Bundle = keyof typeof entries;

/**
 * Bundles every stand-in into a file of its own in `folder`, so that a plugin starts in a fraction of a second.
 * Returns the files' paths.
 */
export async function buildStandIns(folder: string): Promise<Readonly<Record<Bundle, string>>> {
  await build({
    absWorkingDir: __dirname,
    entryPoints: Object.fromEntries(
      Object.entries(entries).map(([name, file]) => [name, join(__dirname, file)]),
    ),
    outdir: folder,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node24",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    logLevel: "error",
    plugins: [kubeconfigOnly()],
  });
  const path = (name: Bundle): string => join(folder, `${name}.cjs`);
  return {
    "language-host": path("language-host"),
    analyzer: path("analyzer"),
    "provider-kubernetes": path("provider-kubernetes"),
    "provider-minio": path("provider-minio"),
    "provider-command": path("provider-command"),
  };
}

/**
 * Of the Kubernetes client only the kubeconfig is used: its generated API, thousands of classes, stays out of the
 * bundle.
 */
function kubeconfigOnly(): Plugin {
  const client = dirname(createRequire(__filename).resolve("@kubernetes/client-node"));
  return {
    name: "kubeconfig-only",
    setup(bundler) {
      bundler.onResolve({ filter: /^@kubernetes\/client-node$/ }, () => ({
        path: join(client, "config.js"),
      }));
      bundler.onLoad({ filter: /client-node\/dist\/config\.js$/ }, ({ path }) => ({
        contents: readFileSync(path, "utf8").replace(
          /import \{ createConfiguration, ServerConfiguration,? \} from '.\/gen\/index.js';/,
          "import { createConfiguration } from './gen/configuration.js'; import { ServerConfiguration } from './gen/servers.js';",
        ),
      }));
    },
  };
}
