// The REST operations: one request, one envelope, one outcome.

import type { Outcome, Problem } from "./contract";
import type { HttpRequest, Ports } from "./ports";
import { type Operation, read } from "./shape";
import { decodeEnvelope, UNSURE } from "./wire";

/** An outcome that still knows the server's code: some refusals mean something to the caller. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: Problem; readonly code: number };

export class Rest {
  constructor(
    private readonly ports: Ports,
    private readonly token: () => string | null,
    /** The token is worth nothing any more. */
    private readonly refused: (token: string) => void,
  ) {}

  async ask<Asked extends object, T>(operation: Operation<Asked, T>, asked: Asked): Promise<Answer<T>> {
    const token = this.token();
    let answer;
    try {
      answer = await this.ports.fetch({ ...requestOf(operation, asked), token });
    } catch {
      return failed({ is: "offline" }, 0);
    }
    if (answer.status === 429 || answer.status === 503) {
      const is = answer.status === 429 ? "slow-down" : "busy";
      return failed({ is, seconds: secondsOf(answer.retryAfter) }, answer.status);
    }
    try {
      const { ok, code, msg, data } = decodeEnvelope(answer.text);
      if (ok) return { ok: true, value: read(data, operation.answers) };
      if (code === 401 && token !== null) this.refused(token);
      if (code === UNSURE) return failed({ is: "unsure" }, code);
      // There is no room left (507): the server says how much there is.
      if (answer.status >= 500 && answer.status !== 507) return failed({ is: "fault" }, code);
      return failed({ is: "refused", message: msg ?? "" }, code);
    } catch {
      // A proxy's page, or a server of another age. While the server restarts its proxy answers 502 or 504.
      const away = answer.status === 502 || answer.status === 504;
      return failed(away ? { is: "offline" } : { is: "fault" }, answer.status);
    }
  }
}

/** The same with what was made of the value. */
export function mapped<T, U>(answer: Answer<T>, make: (value: T) => U): Answer<U> {
  return answer.ok ? { ok: true, value: make(answer.value) } : answer;
}

/** The same without the code, as the views want it. */
export function outcome<T>(answer: Answer<T>): Outcome<T> {
  return answer.ok ? answer : { ok: false, problem: answer.problem };
}

/** The same of an operation whose answer says nothing more than that it was done. */
export function done(answer: Answer<unknown>): Outcome {
  return outcome(mapped(answer, () => undefined));
}

function requestOf(operation: Operation<never, unknown>, asked: object): Omit<HttpRequest, "token"> {
  if ("get" in operation) {
    const query = Object.entries(asked).map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`);
    return { method: "GET", path: `${operation.get}${query.length > 0 ? "?" : ""}${query.join("&")}`, body: null };
  }
  const { post: path } = operation;
  if (asked instanceof Blob) return { method: "POST", path, body: { type: asked.type, content: asked } };
  return { method: "POST", path, body: { type: "application/json", content: JSON.stringify(asked) } };
}

function failed(problem: Problem, code: number): { ok: false; problem: Problem; code: number } {
  return { ok: false, problem, code };
}

function secondsOf(retryAfter: string | null): number {
  const seconds = Number(retryAfter);
  return Number.isFinite(seconds) && seconds > 0 ? Math.ceil(seconds) : 1;
}
