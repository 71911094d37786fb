/** A cell; `state` colours it where colours are. */
export interface Cell {
  readonly text: string;
  readonly state?: "pass" | "fail" | "invalid";
}

export type Block =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "list"; readonly items: readonly string[] }
  | { readonly kind: "table"; readonly head: readonly string[]; readonly rows: readonly (readonly Cell[])[] }
  | { readonly kind: "chart"; readonly svg: string };

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly Block[];
}

export const cell = (text: string, state?: Cell["state"]): Cell => ({
  text,
  ...(state === undefined ? {} : { state }),
});
export const cells = (...texts: readonly string[]): readonly Cell[] => texts.map((text) => cell(text));
export const chart = (drawn: string | undefined): readonly Block[] =>
  drawn === undefined ? [] : [{ kind: "chart", svg: drawn }];
