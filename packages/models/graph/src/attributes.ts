/** A node's attributes as GraphDef's JSON spells them: numbers may be strings, strings are base64. */
export type RawAttributes = Readonly<Record<string, RawAttribute | undefined>>;

interface RawAttribute {
  readonly s?: unknown;
  readonly i?: unknown;
  readonly f?: unknown;
  readonly b?: unknown;
  readonly shape?: RawShape;
  readonly type?: unknown;
  readonly tensor?: { readonly tensorShape?: RawShape };
  readonly list?: { readonly i?: readonly unknown[]; readonly s?: readonly unknown[] };
}

export interface RawShape {
  readonly dim?: readonly { readonly size?: unknown }[];
  readonly unknownRank?: boolean;
}

export interface Attributes {
  number(name: string, otherwise: number): number;
  numbers(name: string): number[];
  boolean(name: string): boolean;
  string(name: string, otherwise: string): string;
  strings(name: string): string[];
  /** Sizes, −1 = open; undefined = not even the rank is known. */
  shape(name: string): number[] | undefined;
  /** The shape of a constant's value. */
  tensorShape(name: string): number[] | undefined;
  /** A dtype, as 'DT_FLOAT'; undefined = not said, or said by a number. */
  type(name: string): string | undefined;
}

export function attributesOf(raw: RawAttributes): Attributes {
  const get = (name: string) => (Object.hasOwn(raw, name) ? (raw[name] ?? {}) : {});
  return {
    number(name, otherwise) {
      const { i, f } = get(name);
      const value = i ?? f;
      return value === undefined || value === null ? otherwise : Number(value);
    },
    numbers: (name) => (get(name).list?.i ?? []).map(Number),
    boolean: (name) => get(name).b === true,
    string(name, otherwise) {
      const { s } = get(name);
      return s === undefined || s === null ? otherwise : decode(s);
    },
    strings: (name) => (get(name).list?.s ?? []).map(decode),
    shape(name) {
      const { shape } = get(name);
      return shape && sizesOf(shape);
    },
    tensorShape(name) {
      const shape = get(name).tensor?.tensorShape;
      return shape && sizesOf(shape);
    },
    type(name) {
      const { type } = get(name);
      return typeof type === 'string' ? type : undefined;
    },
  };
}

/** undefined where the rank is not known, or where what should be a shape is none. */
export function sizesOf({ dim, unknownRank }: RawShape): number[] | undefined {
  const sizes: unknown = dim ?? [];
  if (unknownRank || !Array.isArray(sizes)) return undefined;
  return sizes.map((of: { size?: unknown } | null) => Number(of?.size ?? 0));
}

/** Base64, or an array of character codes, as older converters wrote it. */
function decode(s: unknown): string {
  if (Array.isArray(s)) return String.fromCharCode(...s.map(Number));
  try {
    return atob(String(s));
  } catch {
    return String(s);
  }
}
