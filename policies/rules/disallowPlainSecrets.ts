import type { ReportViolation, ResourceValidationArgs, ResourceValidationPolicy } from "@pulumi/policy";
import { at, fields, keysOf, list, separately } from "../fields";
import type { Container } from "../pods";
import { eachContainer, kubernetesKind, podOf } from "../pods";
import { argumentGivesSecret, assignsSecret, isLiteral, namesSecret, secretsIn } from "../secretPatterns";

/** Takes a place (key path) and what stands there; never the value. */
type Say = (place: string, what: string) => void;

const remedy = "put it in a Secret and mount that as a file";

/** Files of programs, where `password: x` is code and no configuration. */
const program = /\.(?:[cm]?[jt]s|py|go|sh|map)$/;

/**
 * No secret where anyone who may list objects can read it. Secretness itself is not seen here (the engine unwraps it),
 * so places are checked: literals of environment variables, command lines, ConfigMaps, annotations and labels.
 */
export const disallowPlainSecrets: ResourceValidationPolicy = {
  name: "disallow-plain-secrets",
  description: "No secret stands in environment literals, command lines, ConfigMaps, annotations or labels.",
  enforcementLevel: "mandatory",
  validateResource: (args: ResourceValidationArgs, report: ReportViolation): void => {
    const kind = kubernetesKind(args.type);
    if (kind === undefined) {
      return;
    }
    const title = `${kind} "${args.name}"`;
    const pod = podOf(args);
    const say: Say = (place, what) => report(`${title}, ${place}: ${what}; ${remedy}`);
    separately([
      () => checkMetadata(args.props.metadata, "metadata", say),
      () => {
        if (kind === "ConfigMap") {
          checkConfigMap(args, say);
        }
      },
      () => {
        if (pod !== undefined && pod.path !== "spec") {
          checkMetadata(pod.metadata, pod.path.replace(/spec$/, "metadata"), say);
        }
      },
      () => {
        if (pod !== undefined) {
          eachContainer(pod, (container) => {
            checkContainer(container, (place, what) => say(`${container.title}, ${place}`, what));
          });
        }
      },
    ]);
  },
};

/** Every string of an object or list, one check each, with its key quoted as a path. */
function eachText(
  value: unknown,
  path: string,
  check: (text: string, place: string, key: string) => void,
): void {
  separately(
    keysOf(value).map((key) => () => {
      const text: unknown = Array.isArray(value) ? list(value)[Number(key)] : fields(value)[key];
      if (typeof text === "string") {
        check(text, Array.isArray(value) ? `${path}[${key}]` : `${path}["${key}"]`, key);
      }
    }),
  );
}

function checkMetadata(metadata: unknown, path: string, say: Say): void {
  separately(
    ["annotations", "labels"].map((name) => () => {
      eachText(at(metadata, [name]), `${path}.${name}`, (text, place, key) => {
        const named = namesSecret(key) && !key.startsWith("checksum/") && isLiteral(text);
        sayAll(named ? ["the value of a secret"] : secretsIn(text), place, say);
      });
    }),
  );
}

function checkConfigMap({ props }: ResourceValidationArgs, say: Say): void {
  separately([
    () => {
      eachText(props.data, "data", (text, place, key) => checkFile(text, place, key, say));
    },
    () => {
      eachText(props.binaryData, "binaryData", (text, place, key) =>
        checkFile(Buffer.from(text, "base64").toString("latin1"), place, key, say),
      );
    },
  ]);
}

/** A file of a ConfigMap: one report a line at most, so that the place can be found without showing it. */
function checkFile(text: string, place: string, key: string, say: Say): void {
  if (namesSecret(key) && isLiteral(text)) {
    say(place, "the value of a secret");
    return;
  }
  for (const [index, line] of text.split("\n").entries()) {
    const assigned = !program.test(key) && assignsSecret(line) ? ["a password or token"] : [];
    sayAll([...secretsIn(line), ...assigned].slice(0, 1), `${place} line ${index + 1}`, say);
  }
}

function checkContainer({ path, fields: container }: Container, say: Say): void {
  const env = list(container.env);
  separately([
    ...keysOf(env).map((index) => () => {
      const { name, value } = fields(env[Number(index)]);
      if (typeof value === "string") {
        const variable = typeof name === "string" ? name : "";
        const named = namesSecret(variable) && isLiteral(value);
        sayAll(
          named ? ["the value of a secret"] : secretsIn(value),
          `${path}.env[${index}] (${variable})`,
          say,
        );
      }
    }),
    ...["command", "args"].map((name) => () => {
      const words = list(container[name]);
      eachText(words, `${path}.${name}`, (text, place, index) => {
        const next = words[Number(index) + 1];
        const given = argumentGivesSecret(text, typeof next === "string" ? next : undefined);
        sayAll(given ? ["the value of a secret"] : secretsIn(text), place, say);
      });
    }),
  ]);
}

function sayAll(found: readonly string[], place: string, say: Say): void {
  for (const what of found) {
    say(place, what);
  }
}
