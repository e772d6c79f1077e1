// What is read from the wire, and how it is checked. What a value must be is data, its shape; wire.gen.ts has those of all
// that the server says.

declare const of: unique symbol;

/** A name for what it is the shape of. */
interface Of<T> {
  readonly [of]?: T;
}

/**
 * A text is one thing: see the constants below, or names with `|` between them, of which it must be one. A list of one shape is
 * a list of such; with null behind it, one such or null. Else it is an object with these keys.
 */
type Plan = string | readonly [Plan] | readonly [Plan, null] | { readonly [key: string]: Plan };

export type Shape<T> = Plan & Of<T>;

/** A whole number from 0 to 2^53 - 1; larger ones the server has none. */
export const NATURAL = "natural" as Shape<number>;
export const INTEGER = "integer" as Shape<number>;
export const TEXT = "text" as Shape<string>;
export const FLAG = "flag" as Shape<boolean>;
export const NOTHING = "null" as Shape<null>;

/** One that asks for nothing more than its name says. */
export type Nothing = Readonly<Record<string, never>>;

/** A REST operation: what it is asked, in the query of a GET or as the body of a POST, and what it answers. */
export type Operation<Asked, T> = ({ readonly get: string } | { readonly post: string }) & {
  readonly answers: Shape<T>;
} & Of<(asked: Asked) => T>;

/** Something else came than the wire has. */
export class WireError extends Error {
  override readonly name = "WireError";

  constructor(
    private readonly expected: string,
    private readonly path: readonly (string | number)[] = [],
  ) {
    super(`${path.join(".") || "all of it"}: expected ${expected}`);
  }

  within(key: string | number): WireError {
    return new WireError(this.expected, [key, ...this.path]);
  }
}

/**
 * The value, of which nothing is taken over that its shape does not have. What may be null may be left out, too.
 *
 * Throws a `WireError` that names the path at which it is something else.
 */
export function read<T>(value: unknown, shape: Shape<T>): T {
  return taken(value, shape) as T;
}

export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new WireError("an object");
  return value as Readonly<Record<string, unknown>>;
}

/** Every frame and every row of a sync goes through here: no more calls and objects than it takes. */
function taken(value: unknown, plan: Plan): unknown {
  switch (plan) {
    case NATURAL:
      if (Number.isSafeInteger(value) && (value as number) >= 0) return value;
      throw new WireError("a whole number from 0");
    case INTEGER:
      if (Number.isSafeInteger(value)) return value;
      throw new WireError("a whole number");
    case TEXT:
      if (typeof value === "string") return value;
      throw new WireError("text");
    case FLAG:
      if (typeof value === "boolean") return value;
      throw new WireError("true or false");
    case NOTHING:
      if (value === null) return value;
      throw new WireError("null");
  }
  if (typeof plan === "string") {
    if (plan.split("|").includes(value as string)) return value;
    throw new WireError(`one of ${plan}`);
  }
  if (isList(plan)) {
    if (plan.length === 2) return value === null || value === undefined ? null : taken(value, plan[0]);
    if (!Array.isArray(value)) throw new WireError("a list");
    return value.map((item: unknown, index) => {
      try {
        return taken(item, plan[0]);
      } catch (error) {
        throw within(error, index);
      }
    });
  }
  const fields = fieldsOf(value);
  const known: Record<string, unknown> = {};
  let key = "";
  try {
    for (key in plan) known[key] = taken(fields[key], plan[key] as Plan);
  } catch (error) {
    throw within(error, key);
  }
  return known;
}

function within(error: unknown, key: string | number): unknown {
  return error instanceof WireError ? error.within(key) : error;
}

function isList(plan: Exclude<Plan, string>): plan is readonly [Plan] | readonly [Plan, null] {
  return Array.isArray(plan);
}
