/** Takes one line of a command's result. */
export type Print = (line: string) => void;
