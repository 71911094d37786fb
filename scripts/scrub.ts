/** What stands where a secret stood. */
const scrubbed = "[scrubbed]";

const secretWords = new Set(
  "password passwd pwd pass passphrase secret token credential apikey auth authorization cookie kubeconfig salt".split(
    " ",
  ),
);
const secretPairs = new Set(
  "api key,access key,account key,private key,secret key,signing key,encryption key,tls key,key data".split(
    ",",
  ),
);

/**
 * Whether a key, flag or environment variable of this name holds a secret, judged by its last words: `DB_PASSWORD`,
 * `local.password`, `clientKeyData`; not `secretName`, `password_file`.
 */
export function looksSecret(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
  const last = (words.at(-1) ?? "").replace(/([^s])s$/, "$1");
  return secretWords.has(last) || secretPairs.has(`${words.at(-2) ?? ""} ${last}`);
}

/** Plain text of a terminal's output: no escape sequences, control, direction or invisible characters; lines end in `\n`. */
export function plainText(text: string): string {
  return Buffer.from(text, "utf8")
    .toString("utf8")
    .replace(/\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g, "")
    .replace(/(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]/g, "")
    .replace(/\r\n?/g, "\n")
    .replace(
      /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
      "",
    );
}

/** Secrets known by their shape alone. */
const shapes: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/-----BEGIN [^-\n]{1,40}-----(?:(?!-----BEGIN)[^])*?-----END [^-\n]{1,40}-----/g, scrubbed],
  // the CLI cuts long strings: a block without its end reaches as far as its base64
  [/-----BEGIN [^-\n]{1,40}-----[^\n]*(?:\n[ \t+~|-]*[A-Za-z0-9+/=]+(?=\n|$))*/g, scrubbed],
  [/\$2[abxy]?\$\d\d\$[./A-Za-z0-9]+/g, scrubbed],
  [/\beyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){1,2}/g, scrubbed],
  [/\b(bearer\s+)[A-Za-z0-9._~+/=-]{6,}/gi, `$1${scrubbed}`],
  [/\b([Bb]asic\s+)(?=[a-z]*[A-Z0-9=+/])[A-Za-z0-9+/]{6,}={0,2}/g, `$1${scrubbed}`],
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"'<>]*@/gi, `$1${scrubbed}@`],
  [/\b(?:gh[oprsu]_|github_pat_|glpat-|pul-|AGE-SECRET-KEY-1)[A-Za-z0-9_-]{16,}/g, scrubbed],
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g, scrubbed],
];

/** Base64 changes its kind of character at more than every third place; words, paths and digests do not. */
function looksRandom(run: string): boolean {
  const kinds = Array.from(run, (char) =>
    /[a-z]/.test(char) ? "a" : /[A-Z]/.test(char) ? "A" : /\d/.test(char) ? "0" : "/",
  );
  const changes = kinds.filter((kind, at) => at > 0 && kind !== kinds[at - 1]).length;
  return kinds.includes("a") && kinds.includes("A") && changes >= run.length / 3;
}

const quoted = String.raw`"(?:[^"\\\n]|\\[^\n])*"|'[^'\n]*'|\\+"[^\n]*?\\+"(?=\s*(?:[,}\]]|\\+n|$))`;
const quotedValue = new RegExp(`(?:${quoted})(?: => [^\\n]*)?`, "y");
const restOfLine = /[^\n]*/y;
const shellWord = /[^\s,;&"']+/y;

/** What the CLI shows instead of a value, and values that tell nothing. */
const nothing = String.raw`(?:\[secret\]|\[unknown\]|\[scrubbed\]|output<[^>]*>|true|false|null|""|'')`;
const tellsNothing = new RegExp(
  String.raw`^(?:|${nothing}(?: => ${nothing})?[,\]})]*|(?:\(json\) |\(yaml\) )?[{[][}\]]?|\([a-z-]+\)|[|>][+-]?\d?)$`,
);

/** Length of the value at a place of the text, 0 where there is nothing to hide; `shell` values end at a blank. */
function valueLength(text: string, at: number, shell: boolean): number {
  for (const pattern of [quotedValue, ...(shell ? [shellWord] : []), restOfLine]) {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined && found !== "") {
      return tellsNothing.test(found.trim()) || /^(?:true|false|null)\s*[,}\]]/.test(found)
        ? 0
        : found.length;
    }
  }
  return 0;
}

/** Takes out the value behind each match of the pattern whose first group looks secret. */
function scrubAfter(text: string, pattern: RegExp): string {
  let result = "";
  let at = 0;
  pattern.lastIndex = 0;
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
    const end = found.index + found[0].length;
    const length = looksSecret(found[1] ?? "") ? valueLength(text, end, /=|^-/.test(found[0])) : 0;
    result += text.slice(at, end) + (length > 0 ? scrubbed : "");
    at = pattern.lastIndex = end + length;
  }
  return result + text.slice(at);
}

const open = String.raw`\\*["']?`;
/** `key:` or `key=`, but not the kind in a resource's type (`core/v1:Secret:`) or the parts of a URN. */
const key = new RegExp(
  String.raw`(?<!\/v\d[a-z0-9]*:)(?<![\w.-])([\w.-]+)${open}[ \t]*(?:=(?!>)|(?<!:):(?!:))[ \t]*`,
  "g",
);
const flag = /(?<![\w-])(--?[\w-]+)(?:["']\s*,\s*(?=["'])|[ \t]+(?=[^\s-]))/g;
const named = new RegExp(
  String.raw`\bname${open}\s*:\s*${open}([\w.-]+)${open}[\s,+~-]*${open}value${open}\s*:[ \t]*`,
  "g",
);
const valueFirst = new RegExp(
  String.raw`(\bvalue${open}\s*:[ \t]*)(?:(?:${quoted})(?: => [^\n]*)?|[^\n,}]+)(,?[\s+~-]*${open}name${open}\s*:\s*${open})([\w.-]+)`,
  "g",
);

/** Takes out what stands, deeper indented, below a secret key: YAML's `|` and `>`, the text diff of the CLI. */
function scrubBlocks(text: string): string {
  const kept: string[] = [];
  let deeperThan: number | undefined;
  for (const line of text.split("\n")) {
    const indent = /^[\s+~-]*/.exec(line)?.[0].length ?? 0;
    if (deeperThan !== undefined && (indent > deeperThan || line.trim() === "")) {
      if (kept.at(-1)?.trim() !== scrubbed) kept.push(`${" ".repeat(deeperThan + 2)}${scrubbed}`);
      continue;
    }
    const block = /^[\s+~-]*["']?([\w.-]+)["']?\s*:\s*([|>][+-]?\d?)?\s*$/.exec(line);
    const [, name = "", indicator] = block ?? [];
    // a plural without `|` or `>` is a list or a map, whose keys speak for themselves
    const opens = looksSecret(name) && (indicator !== undefined || !name.endsWith("s"));
    deeperThan = opens ? indent : undefined;
    kept.push(line);
  }
  return kept.join("\n");
}

/**
 * Takes secrets out of a command's output: by shape (PEM blocks, bcrypt hashes, tokens, user info of URLs, long
 * base64), by the name of the key, flag or environment variable that holds them, and by value (`known`, also in
 * base64 and percent encoding; those under 6 characters are too common to look for). Takes too much rather than
 * too little. The text must be plain.
 */
export function scrub(text: string, known: readonly string[] = []): string {
  let result = text;
  const values = known
    .flatMap((secret) => [secret, secret.trim()])
    .filter((secret) => secret.length >= 6)
    .flatMap((secret) => [secret, Buffer.from(secret).toString("base64"), encodeURIComponent(secret)]);
  for (const secret of [...new Set(values)].sort((a, b) => b.length - a.length))
    result = result.replaceAll(secret, scrubbed);
  for (const [pattern, replacement] of shapes) result = result.replace(pattern, replacement);
  result = result.replace(/[A-Za-z0-9+/_-]{40,}={0,2}/g, (run) => (looksRandom(run) ? scrubbed : run));
  result = result.replace(valueFirst, (whole, before: string, middle: string, name: string) =>
    looksSecret(name) ? `${before}${scrubbed}${middle}${name}` : whole,
  );
  return scrubBlocks(scrubAfter(scrubAfter(scrubAfter(result, named), flag), key));
}
