import * as path from "node:path";
import ts from "typescript";

/**
 * Checks plain JSON against TypeScript types, by the compiler's own knowledge of them: every required property is
 * there, no other than declared ones are, enums have one of their values. Methods, which JSON has none of, are left out.
 */
export class Conformance {
  readonly #checker: ts.TypeChecker;
  readonly #types: ts.Type;
  readonly #file: ts.SourceFile;

  public constructor(file = path.join(__dirname, "grafanaTypes.ts"), name = "GrafanaTypes") {
    const program = ts.createProgram([file], {
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      target: ts.ScriptTarget.ES2023,
      strict: true,
      skipLibCheck: true,
      types: [],
    });
    const source = program.getSourceFile(file);
    if (source === undefined) throw new Error(`${file} can not be read`);
    this.#file = source;
    this.#checker = program.getTypeChecker();
    const symbol = this.#checker.getSymbolAtLocation(source);
    const exported = symbol && this.#checker.getExportsOfModule(symbol).find((one) => one.name === name);
    if (exported === undefined) throw new Error(`${file} has no ${name}`);
    this.#types = this.#checker.getDeclaredTypeOfSymbol(exported);
  }

  /** Everything wrong with a value that should be of the type at a path of properties; `at` begins each sentence. */
  public problems(value: unknown, where: readonly string[], at: string): readonly string[] {
    const type = where.reduce((outer, key) => this.#property(outer, key), this.#types);
    return this.#check(value, type, at);
  }

  #property(type: ts.Type, key: string): ts.Type {
    const property = this.#checker.getPropertyOfType(type, key);
    if (property === undefined)
      throw new Error(
        `no type ${key}; there are ${type
          .getProperties()
          .map(({ name }) => name)
          .join(", ")}`,
      );
    return this.#checker.getTypeOfSymbolAtLocation(property, this.#file);
  }

  #check(value: unknown, type: ts.Type, at: string): readonly string[] {
    if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return [];
    if (type.isUnion()) return this.#union(value, type, at);
    const said = JSON.stringify(value);
    const expected = `${at}: ${said.length > 60 ? `${said.slice(0, 60)}...` : said} is no ${this.#checker.typeToString(type)}`;
    if (type.isLiteral()) return value === type.value ? [] : [expected];
    if (type.flags & ts.TypeFlags.BooleanLiteral)
      return String(value) === this.#checker.typeToString(type) && typeof value === "boolean"
        ? []
        : [expected];
    if (type.flags & ts.TypeFlags.StringLike) return typeof value === "string" ? [] : [expected];
    if (type.flags & ts.TypeFlags.NumberLike) return typeof value === "number" ? [] : [expected];
    if (type.flags & ts.TypeFlags.Null) return value === null ? [] : [expected];
    if (type.flags & ts.TypeFlags.Undefined) return [expected];
    if (this.#checker.isArrayType(type)) {
      const [element] = this.#checker.getTypeArguments(type as ts.TypeReference);
      if (!Array.isArray(value) || element === undefined) return [expected];
      return value.flatMap((one: unknown, index) => this.#check(one, element, `${at}[${index}]`));
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) return [expected];
    return this.#object(value, type, at);
  }

  #union(value: unknown, type: ts.UnionType, at: string): readonly string[] {
    const [best = []] = type.types
      .filter(({ flags }) => !(flags & ts.TypeFlags.Undefined))
      .map((one) => this.#check(value, one, at))
      .sort((one, other) => one.length - other.length);
    return best;
  }

  #object(value: object, type: ts.Type, at: string): readonly string[] {
    const properties = this.#checker
      .getPropertiesOfType(type)
      .map((symbol) => ({ symbol, type: this.#checker.getTypeOfSymbolAtLocation(symbol, this.#file) }))
      .filter((property) => property.type.getCallSignatures().length === 0);
    const index = this.#checker.getIndexTypeOfType(type, ts.IndexKind.String);
    const missing = properties
      .filter(({ symbol }) => !(symbol.flags & ts.SymbolFlags.Optional) && !(symbol.name in value))
      .map(({ symbol }) => `${at}: ${symbol.name} is missing`);
    // a type of methods alone says nothing of its data
    if (properties.length === 0 && index === undefined && type.getProperties().length > 0) return [];
    const found = Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
      const declared = properties.find(({ symbol }) => symbol.name === key)?.type ?? index;
      return declared === undefined
        ? [`${at}: ${key} is no property of ${this.#checker.typeToString(type)}`]
        : this.#check(inner, declared, `${at}.${key}`);
    });
    return [...missing, ...found];
  }
}
