// Where one comes in: sign in, or create an account.

import { useEffect, useState } from "react";

import type { Problem, ServerInfo } from "../../engine/contract";
import { MAX_ACCOUNT_BYTES, MAX_NAME_CHARS } from "../../engine/limits.gen";
import { LANGUAGE_NAMES, LANGUAGES } from "../../i18n/translator";
import { useEngine, useTranslator } from "../base/context";
import { FormError, TextField } from "../base/fields";
import { Logo } from "../base/Icon";
import { setPreferences } from "../base/preferences";
import { told } from "../base/told";
import { hrefOf, useRoute } from "../base/router";
import { byteLength } from "../base/text";
import "./SignInPage.css";

const GOOD_PASSWORD_CHARS = 8;

type Field = "account" | "name" | "password" | "form";
type Errors = Partial<Record<Field, string>>;

export function SignInPage({ why }: { why: "revoked" | "disabled" | null }) {
  const translator = useTranslator();
  const { t } = translator;
  const engine = useEngine();
  const server = useServer();
  const registering = useRegistering(server);
  const [account, setAccount] = useState("");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [errors, setErrors] = useState<Errors>({});
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    document.title = `${registering ? t("auth.register") : t("auth.signIn")} · ${t("app.name")}`;
  }, [registering, t]);

  // What was wrong was so of the other form, or in another language.
  const [of, setOf] = useState({ registering, t });
  if (of.registering !== registering || of.t !== t) {
    setOf({ registering, t });
    setErrors({});
  }

  const check = (): Errors => {
    const found: Errors = {};
    if (account.trim() === "") found.account = t("auth.accountNeeded");
    else if (byteLength(account.trim()) > MAX_ACCOUNT_BYTES) {
      found.account = t("auth.accountTooLong", { limit: MAX_ACCOUNT_BYTES });
    }
    if (registering) {
      if (name.trim() === "") found.name = t("auth.nameNeeded");
      else if ([...name.trim()].length > MAX_NAME_CHARS) {
        found.name = t("auth.nameTooLong", { limit: MAX_NAME_CHARS });
      }
    }
    if (password === "") found.password = t("auth.passwordNeeded");
    return found;
  };

  const submit = async (): Promise<void> => {
    const found = check();
    setErrors(found);
    const first = (["account", "name", "password"] as const).find((field) => found[field] !== undefined);
    if (first !== undefined) {
      document.querySelector<HTMLInputElement>(`.sign-in input[name="${first}"]`)?.focus();
      return;
    }
    setBusy(true);
    const outcome = registering
      ? await engine.register({ account: account.trim(), name: name.trim(), password })
      : await engine.login({ account: account.trim(), password });
    if (!outcome.ok) setErrors({ [fieldOf(outcome.problem)]: await told(translator, outcome.problem) });
    setBusy(false);
  };

  const change = (field: Field, set: (value: string) => void) => (value: string) => {
    set(value);
    setErrors(({ [field]: _, form: __, ...others }) => others);
  };

  const weak = registering && password !== "" && [...password].length < GOOD_PASSWORD_CHARS;
  return (
    <main className="sign-in">
      <form
        className="sign-in__card"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) void submit();
        }}
      >
        <header className="sign-in__brand">
          <span className="sign-in__logo">
            <Logo size={38} />
          </span>
          <Welcome server={server} registering={registering} />
        </header>
        {why !== null && !registering && (
          <p className="sign-in__why" role="status">
            {why === "revoked" ? t("auth.revoked") : t("auth.disabled")}
          </p>
        )}
        <FormError text={errors.form ?? null} />
        <TextField
          key={registering ? "new-account" : "account"}
          label={t("auth.account")}
          name="account"
          value={account}
          onValue={change("account", setAccount)}
          note={registering ? t("auth.accountHint") : undefined}
          error={errors.account}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          autoFocus
        />
        {registering && (
          <TextField
            label={t("auth.name")}
            name="name"
            value={name}
            onValue={change("name", setName)}
            note={t("auth.nameHint")}
            error={errors.name}
            autoComplete="name"
          />
        )}
        <TextField
          label={t("auth.password")}
          name="password"
          type="password"
          value={password}
          onValue={change("password", setPassword)}
          note={weak ? t("auth.passwordShort") : undefined}
          error={errors.password}
          autoComplete={registering ? "new-password" : "current-password"}
        />
        <button type="submit" className="button button--main sign-in__submit" disabled={busy}>
          {busy && <span className="spinner" aria-hidden="true" />}
          {registering ? t("auth.register") : t("auth.signIn")}
        </button>
        <OtherWay server={server} registering={registering} />
      </form>
      <nav className="sign-in__languages" aria-label={t("auth.language")}>
        {LANGUAGES.map((language) => (
          <button
            key={language}
            type="button"
            lang={language}
            className="sign-in__language"
            aria-pressed={language === translator.language}
            onClick={() => setPreferences({ language })}
          >
            {LANGUAGE_NAMES[language]}
          </button>
        ))}
      </nav>
    </main>
  );
}

/** What the server says of itself; null until it has, and where it cannot be asked. */
function useServer(): ServerInfo | null {
  const engine = useEngine();
  const [server, setServer] = useState<ServerInfo | null>(null);
  useEffect(() => {
    let gone = false;
    void engine.serverInfo().then((outcome) => {
      if (outcome.ok && !gone) setServer(outcome.value);
    });
    return () => {
      gone = true;
    };
  }, [engine]);
  return server;
}

/** Whether an account is to be created: who comes first can do nothing else. */
function useRegistering(server: ServerInfo | null): boolean {
  const { page } = useRoute();
  if (server?.registration === false) return false;
  return page === "register" || (server?.empty === true && page !== "sign-in");
}

interface Door {
  readonly server: ServerInfo | null;
  readonly registering: boolean;
}

function Welcome({ server, registering }: Door) {
  const { t } = useTranslator();
  const first = server?.empty === true;
  const title = first ? t("auth.firstTitle") : registering ? t("auth.registerTitle") : t("auth.signInTitle");
  const line = !first ? t("app.tagline") : server.registration ? t("auth.first") : t("auth.firstClosed");
  return (
    <>
      <h1 className="sign-in__title">{title}</h1>
      <p className="sign-in__tagline">{line}</p>
    </>
  );
}

/** The way to the other form, where there is one. */
function OtherWay({ server, registering }: Door) {
  const { t } = useTranslator();
  if (server?.registration === false) {
    return server.empty ? null : <p className="sign-in__other">{t("auth.closed")}</p>;
  }
  if (registering && server?.empty === true) return null;
  return (
    <p className="sign-in__other">
      {registering ? t("auth.haveAccount") : t("auth.noAccount")}{" "}
      <a href={hrefOf({ page: registering ? "sign-in" : "register" })}>
        {registering ? t("auth.signIn") : t("auth.register")}
      </a>
    </p>
  );
}

/** The field that a refusal is about. */
function fieldOf(problem: Problem): Field {
  if (problem.is !== "refused") return "form";
  const said = problem.message.toLowerCase();
  if (said.includes("account or password")) return "form";
  if (said.includes("password")) return "password";
  if (said.includes("account")) return "account";
  if (said.startsWith("name")) return "name";
  return "form";
}
