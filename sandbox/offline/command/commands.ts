import type { ResourceDiff } from "../changes";
import type { Engine } from "../engine";
import { partsOfUrn, uniqueName } from "../names";
import { plainTree, stringAt, unknownString, type Tree } from "../properties";
import type { Checked, Created, Provider, Reading, Subject } from "../provider";
import type { Connection } from "./connection";
import { diffCommand } from "./diff";
import { checkInputs, stateOf } from "./inputs";
import { runLocal } from "./local";
import { isLogged, recorded, type Logging } from "./processes";
import { runRemote } from "./ssh";

const REMOTE = "command:remote:Command";
const LOCAL_RUN = "command:local:run";

/** What a command printed, as it is recorded. */
interface Printed {
  readonly stdout: string;
  readonly stderr: string;
}

/** Commands on hosts, run by SSH, and the function that runs one here. */
export class Commands implements Provider {
  constructor(
    private readonly engine: Engine,
    private readonly signal: AbortSignal,
  ) {}

  check(urn: string, _olds: Tree, news: Tree): Promise<Checked> {
    return promised(() => {
      served(urn);
      return checkInputs(news);
    });
  }

  diff(_urn: string, state: Tree, news: Tree, ignored: readonly string[]): Promise<ResourceDiff> {
    return promised(() => diffCommand(state, news, ignored));
  }

  /** A preview runs nothing: what the command will print is unknown. */
  async create({ urn }: Subject, news: Tree, preview: boolean): Promise<Created> {
    if (preview) return { id: "", state: stateOf(news, unknownString, unknownString) };
    const id = uniqueName(partsOfUrn(urn).name, new Uint8Array(), 8);
    const { stdout, stderr } = await this.run(urn, news, "create");
    return { id, state: stateOf(news, stdout, stderr) };
  }

  /** There is nothing to look at: what is recorded stays. */
  read({ id, urn }: Subject, state: Tree, inputs: Tree): Promise<Reading> {
    return promised(() => {
      if (Object.keys(inputs).length === 0)
        throw new Error(`${partsOfUrn(urn).name}: a command can not be imported, there is nothing to read`);
      return { id, state, inputs };
    });
  }

  /** Runs `update`, or `create` where there is none. */
  async update(
    { urn }: Subject,
    state: Tree,
    news: Tree,
    preview: boolean,
    ignored: readonly string[],
  ): Promise<Tree> {
    const kept = Object.fromEntries(ignored.filter((key) => key in state).map((key) => [key, state[key]]));
    const wanted = { ...news, ...kept };
    if (preview) return stateOf(wanted, unknownString, unknownString);
    const verb = stringAt(plainTree(wanted), "update") === "" ? "create" : "update";
    const { stdout, stderr } = await this.run(urn, wanted, verb, plainTree(state));
    return stateOf(wanted, stdout, stderr);
  }

  async delete({ urn }: Subject, state: Tree): Promise<void> {
    await this.run(urn, state, "delete");
  }

  async invoke(token: string, args: Tree): Promise<Tree> {
    if (token !== LOCAL_RUN) throw new Error(unserved(token));
    return runLocal(plainTree(args), this.signal, (line) => this.engine.status("", line));
  }

  /** Runs one of a resource's commands; where it has none, what was printed before stays. */
  private async run(
    urn: string,
    inputs: Tree,
    verb: "create" | "update" | "delete",
    before: Tree = {},
  ): Promise<Printed> {
    const given = plainTree(inputs);
    const command = stringAt(given, verb);
    if (command === "") return { stdout: stringAt(before, "stdout"), stderr: stringAt(before, "stderr") };
    const status = (message: string): void => this.engine.status(urn, message);
    const logging = given.logging as Logging;
    const { stdout, stderr } = await runRemote(
      given.connection as Connection,
      command,
      {
        input: stringAt(given, "stdin"),
        signal: this.signal,
        line: (line, from) => {
          if (isLogged(logging, from)) status(line);
        },
      },
      status,
    );
    return { stdout: recorded(stdout), stderr: recorded(stderr) };
  }
}

function served(urn: string): void {
  const token = partsOfUrn(urn).type;
  if (token !== REMOTE) throw new Error(unserved(token));
}

function unserved(token: string): string {
  return (
    `${token} is not served by the offline stand-in of the command provider, which knows ${REMOTE} and ${LOCAL_RUN}; ` +
    "install the official provider to use it"
  );
}

/** What `compute` returns or throws, as a promise. */
function promised<T>(compute: () => T): Promise<T> {
  return Promise.resolve().then(compute);
}
