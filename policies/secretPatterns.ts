/** What in a text is a secret whatever its place; each names the secret without showing it. */
const contents: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["a private key", /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/],
  ["a bcrypt hash", /\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}/],
  ["a password in a URL", /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"'`]*:(?![$<{*])[^\s/@"'`]+@/i],
  ["a bearer token", /\bbearer\s+(?=[\w.~+/-]*\d)[\w.~+/-]{16,}=*/i],
  ["a JSON web token", /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}/],
];

const words =
  "(?:pass(?:word|wd|phrase)|token|api[_-]?key|private[_-]?key|client[_-]?secret|secret[_-]?(?:access[_-]?)?key|access[_-]?key[_-]?secret|credentials)";

/** `password: x`, `"token" = "x"`, at the start of a line or of an item, but `password_file: x` is none. */
const assignment = new RegExp(
  `(?:^|[\\s{,;])["']?(?:[\\w.-]*[_.-])?${words}["']?\\s*[:=]\\s*(?<value>"[^"]*"|'[^']*'|[^\\s,}#]+)`,
  "gi",
);

/** A flag of its own or with its value, `--password=x`; `--password-file=x` is none. */
const flag = new RegExp(`^--?(?:[\\w-]*-)?${words}(?:[=\\s](?<value>.+))?$`, "is");

const secretName = new RegExp(`(?:^|[_./-])(?:${words}|secret)$`, "i");

/** Whether the name of a variable or of an entry says that its value is a secret; `PASSWORD_FILE` does not. */
export function namesSecret(name: string): boolean {
  return secretName.test(name);
}

/** Whether a value can be the secret itself: no reference, file path, switch or template. */
export function isLiteral(value: string): boolean {
  const bare = value.trim().replace(/^(["'])(.*)\1[,;]?$/s, "$2");
  return bare !== "" && !/^(?:[/$<{*|>&!]|(?:true|false|yes|no|null|none|~)$)/i.test(bare);
}

/** Secrets in a text, by what they are. */
export function secretsIn(text: string): string[] {
  return contents.filter(([, pattern]) => pattern.test(text)).map(([what]) => what);
}

/** Whether one line of a configuration gives a password or the like as a literal; comment lines do not count. */
export function assignsSecret(line: string): boolean {
  return (
    !/^\s*[#;]/.test(line) &&
    [...line.matchAll(assignment)].some(({ groups }) => isLiteral(groups?.value ?? ""))
  );
}

/** Whether an argument, together with the one after it, gives a password or the like as a literal. */
export function argumentGivesSecret(argument: string, next: string | undefined): boolean {
  const match = flag.exec(argument);
  return match !== null && isLiteral(match.groups?.value ?? (next?.startsWith("-") ? "" : (next ?? "")));
}
