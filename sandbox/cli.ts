/** The sandbox's commands: `npm run sandbox`, `sandbox:down|status|config|query|targets`. */
import { targetLine } from "./checks";
import { down } from "./down";
import { config } from "./config";
import { endpoint, parseSide, queryText, targets } from "./prometheus";
import { status } from "./status";
import { parseToolSet, setUpTools } from "./setup";
import { installDebianPackages } from "./setup/debian";
import { up } from "./up";

const commands: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  up,
  down,
  status,
  config: () => config((line) => console.log(line)),
  tools: (words) => {
    if (process.getuid?.() === 0) installDebianPackages((line) => console.log(line));
    setUpTools(words.length === 0 ? ["sandbox"] : words.map(parseToolSet), (line) => console.log(line));
    return Promise.resolve();
  },
  query: async ([side, expression]) => {
    if (expression === undefined)
      throw new Error("usage: npm run --silent sandbox:query -- hub|hpc '<PromQL>'");
    console.log(await queryText(endpoint(parseSide(side)), expression));
  },
  targets: async ([side]) => {
    for (const target of await targets(endpoint(parseSide(side)))) console.log(targetLine(target));
  },
};

async function main([name, ...args]: readonly string[]): Promise<void> {
  const command = commands[name ?? ""];
  if (command === undefined)
    throw new Error(`no command ${name ?? ""}; there are ${Object.keys(commands).join(", ")}`);
  await command(args);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
