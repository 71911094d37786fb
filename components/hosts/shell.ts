/** A word as a POSIX shell reads it back unchanged, whatever it holds; only NUL has no place in one. */
export function shellQuote(word: string): string {
  if (word.includes("\0")) throw new Error("a word for a shell can not hold NUL");
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** One command line of words that a shell shall take as they are. */
export function shellCommand(...words: readonly string[]): string {
  return words.map(shellQuote).join(" ");
}
