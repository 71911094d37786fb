/** One element of an S3 answer: its text, or its children by name in document order. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decode(text: string): string {
  return text.replace(/&(#x[0-9a-fA-F]+|#\d+|\w+);/g, (all, name: string) => {
    if (name.startsWith("#x")) return String.fromCodePoint(parseInt(name.slice(2), 16));
    if (name.startsWith("#")) return String.fromCodePoint(parseInt(name.slice(1), 10));
    return entities[name] ?? all;
  });
}

/** Reads the plain XML that S3 answers with: elements and text, attributes skipped. Returns undefined for what is not XML. */
export function parseXml(source: string): XmlElement | undefined {
  const token = /<\?[^>]*\?>|<!--[\s\S]*?-->|<(\/?)([\w:.-]+)[^>]*?(\/?)>|([^<]+)/g;
  interface Open {
    readonly name: string;
    text: string;
    readonly children: XmlElement[];
  }
  const stack: Open[] = [];
  for (const [, closing, name, empty, text] of source.matchAll(token)) {
    const top = stack.at(-1);
    if (text !== undefined) {
      if (top) top.text += decode(text);
    } else if (name === undefined) {
      continue;
    } else if (closing === "/") {
      if (top?.name !== name) return undefined;
      stack.pop();
      const parent = stack.at(-1);
      if (!parent) return top;
      parent.children.push(top);
    } else {
      const element: Open = { name, text: "", children: [] };
      if (empty !== "/") stack.push(element);
      else if (top) top.children.push(element);
      else return element;
    }
  }
  return undefined;
}

/** Text of the first child with this name, or the empty string. */
export function textOf(element: XmlElement | undefined, name: string): string {
  return element?.children.find((child) => child.name === name)?.text ?? "";
}

/** Every child with this name. */
export function childrenOf(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}
