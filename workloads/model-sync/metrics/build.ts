/** What is running; the bundler replaces both expressions by constants. */
export const build = {
  version: process.env.MODEL_SYNC_VERSION ?? "unbuilt",
  revision: process.env.MODEL_SYNC_REVISION ?? "unknown",
} as const;
