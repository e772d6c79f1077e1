// About a chat: who is in it, and what may be done with it.

import { memo, type ReactNode, useEffect, useMemo, useRef, useState } from "react";

import type { ChatView, Member, Outcome } from "../../engine/contract";
import { plainly } from "../../i18n/direction";
import { useAction, useDo } from "../base/actions";
import { Avatar, Face } from "../base/Avatar";
import { useConfirm } from "../base/confirm";
import { useEngine, useLive, useMe, useOnline, useTranslator } from "../base/context";
import { Dialog } from "../base/Dialog";
import { FixedList } from "../base/FixedList";
import { FormDialog } from "../base/FormDialog";
import { FormError, SearchField } from "../base/fields";
import { GroupNameField, useGroupName } from "../base/GroupNameField";
import { Icon } from "../base/Icon";
import { useLayer } from "../base/layers";
import { Menu, type MenuItem } from "../base/Menu";
import { PeoplePicker } from "../base/PeoplePicker";
import { PictureField } from "../base/PictureField";
import { RemotePicture } from "../base/RemotePicture";
import { hrefOf, navigate } from "../base/router";
import { Loading, Who } from "../base/small";
import { rankOf } from "../base/names";
import { useReadings } from "../base/readings";
import { Words } from "../base/words";
import { useOpenPerson } from "../contacts/person";
import { RealName, RemarkableName } from "../contacts/Remark";
import { RelationButtons, relationText, useRelation } from "../contacts/relation";
import { ChatMore } from "./ChatMore";
import { GroupSettings } from "./GroupSettings";
import { useMemberPages } from "./memberPages";
import "./ChatPanel.css";

const MEMBER_PX = 56;
const MANY_MEMBERS = 12;

interface ChatPanelProps {
  readonly view: ChatView;
  readonly onClose: () => void;
}

/** Messages come and go without it. */
export const ChatPanel = memo(
  function ChatPanel({ view, onClose }: ChatPanelProps) {
    const { t } = useTranslator();
    const panel = useRef<HTMLElement>(null);
    useLayer(panel, true, { onClose, floats: false, begins: "whole" });
    return (
      <aside ref={panel} className="panel" aria-label={t("panel.title")} tabIndex={-1} data-layer data-scroller>
        <header className="panel__header">
          <button type="button" className="icon-button" aria-label={t("action.close")} onClick={onClose}>
            <Icon name="close" size={24} />
          </button>
          <h2 className="panel__heading">{view.group.single ? t("panel.person") : t("panel.group")}</h2>
        </header>
        {view.group.single ? <Person view={view} /> : <GroupCard view={view} />}
        <ChatMore view={view} />
        {view.member && view.settings !== null && <GroupSettings view={view} settings={view.settings} manage={rightsIn(view).manage || view.group.single} />}
        {!view.group.single && (view.large ? <LargeMembers view={view} /> : <Members view={view} />)}
        <Leaving view={view} />
      </aside>
    );
  },
  (before, after) =>
    before.view.group === after.view.group &&
    before.view.members === after.view.members &&
    before.view.large === after.view.large &&
    before.view.count === after.view.count &&
    (!after.view.large || before.view.happenings === after.view.happenings) &&
    before.view.self === after.view.self &&
    before.view.settings === after.view.settings &&
    before.view.pins === after.view.pins &&
    before.view.member === after.view.member &&
    before.view.title === after.view.title &&
    before.view.avatar === after.view.avatar,
);

function Person({ view }: { view: ChatView }) {
  const translator = useTranslator();
  const { t } = translator;
  const online = useOnline(view.partner);
  const partner = view.members.find(({ user }) => user.id === view.partner)?.user;
  const relation = useRelation(view.partner);
  const action = useAction();
  const name = (
    <p className="panel__name">
      <Words text={view.title} />
    </p>
  );
  return (
    <section className="panel__card">
      <Face name={view.title} address={view.avatar} seed={view.avatarSeed} size={112} online={online} />
      <RemotePicture address={view.avatar} />
      {partner !== undefined && relation === "friends" ? <RemarkableName user={partner}>{name}</RemarkableName> : name}
      {partner !== undefined && (
        <>
          <RealName user={partner} />
          <p className="panel__note">
            <Who account={partner.account} online={online} />
          </p>
          {relation === "friends" ? (
            <a className="button button--small button--outline" href={hrefOf({ page: "contacts", uid: partner.id })}>
              {t("panel.person")}
            </a>
          ) : (
            <>
              {relation !== "none" && <p className="panel__note">{relationText(translator, relation)}</p>}
              <span className="panel__relation">
                <RelationButtons user={partner} action={action} small />
              </span>
              <FormError text={action.problem} />
            </>
          )}
        </>
      )}
    </section>
  );
}

function GroupCard({ view }: { view: ChatView }) {
  const { t } = useTranslator();
  const engine = useEngine();
  const [renaming, setRenaming] = useState(false);
  const { group } = view;
  const avatar = <Avatar name={view.title} address={view.avatar} seed={view.avatarSeed} size={112} />;
  return (
    <section className="panel__card">
      {rightsIn(view).manage ? (
        <PictureField
          label={t("panel.changeAvatar")}
          removable={group.avatar !== ""}
          onAddress={(address) => engine.updateGroup(group.gid, { name: group.name, avatar: address })}
        >
          {avatar}
        </PictureField>
      ) : (
        avatar
      )}
      <RemotePicture address={view.avatar} />
      <p className="panel__name">
        <Words text={view.title || t("chats.untitled")} />
        {rightsIn(view).manage && (
          <button
            type="button"
            className="icon-button panel__edit"
            aria-label={t("panel.rename")}
            title={t("panel.rename")}
            onClick={() => setRenaming(true)}
          >
            <Icon name="edit" size={19} />
          </button>
        )}
      </p>
      {view.count !== null && <p className="panel__note">{t("chat.members", { count: view.count })}</p>}
      {renaming && <RenameDialog view={view} onClose={() => setRenaming(false)} />}
    </section>
  );
}

function RenameDialog({ view, onClose }: ChatPanelProps) {
  const { t } = useTranslator();
  const engine = useEngine();
  const action = useAction();
  const { field, take } = useGroupName(plainly(view.group.name));
  const save = async (): Promise<void> => {
    const name = take();
    if (name === null) return;
    const outcome = await action.run(() => engine.updateGroup(view.group.gid, { name, avatar: view.group.avatar }));
    if (outcome.ok) onClose();
  };
  return (
    <FormDialog title={t("panel.rename")} problem={action.problem} action={t("action.save")} disabled={action.busy} onClose={onClose} onSubmit={() => void save()}>
      <GroupNameField {...field} />
    </FormDialog>
  );
}

interface Rights {
  /** Rename, add, remove. */
  readonly manage: boolean;
  /** Roles, hand over, dissolve. */
  readonly own: boolean;
}

function rightsIn({ self, group, member }: ChatView): Rights {
  if (!member || self === null || group.single) return { manage: false, own: false };
  const own = self.user.id === group.creator;
  return { manage: own || self.admin, own };
}

function Members({ view }: { view: ChatView }) {
  const translator = useTranslator();
  const { t } = translator;
  const [search, setSearch] = useState("");
  const { group, members } = view;
  const actionsOn = useMemberActions(view);
  const byReading = useReadings(search !== "");

  const shown = useMemo(() => {
    const rank = ({ user, admin }: Member): number => (user.id === group.creator ? 0 : admin ? 1 : 2);
    return members
      .filter(({ user }) => search === "" || rankOf(user, search, byReading) !== null)
      .sort((a, b) => rank(a) - rank(b) || translator.compare(a.user.name, b.user.name));
  }, [members, group.creator, search, byReading, translator]);

  return (
    <MembersSection view={view}>
      {members.length > MANY_MEMBERS && (
        <div className="panel__search">
          <SearchField label={t("panel.searchMembers")} value={search} onValue={setSearch} />
        </div>
      )}
      {members.length === 0 && view.member ? (
        <Loading text={t("panel.membersLoading")} />
      ) : shown.length === 0 && search !== "" ? (
        <p className="panel__nobody">{t("panel.nobodyFound", { text: search })}</p>
      ) : (
        <FixedList
          items={shown}
          height={MEMBER_PX}
          label={t("panel.members")}
          keyOf={({ user }) => user.id}
          render={(member) => (
            <MemberRow member={member} owner={member.user.id === group.creator} actions={actionsOn(member)} />
          )}
        />
      )}
    </MembersSection>
  );
}

/** So many members that they come in pages, by order of joining; the server searches them. */
function LargeMembers({ view }: { view: ChatView }) {
  const { t } = useTranslator();
  const [search, setSearch] = useState("");
  const { group, happenings } = view;
  const { rows, more, problem, load, reload } = useMemberPages(group.gid, search.trim(), happenings.at(-1)?.rev ?? 0);
  const actionsOn = useMemberActions(view, reload);
  if (!view.member) return null;
  const items: readonly (Member | "more")[] = more ? [...rows, "more"] : rows;
  return (
    <MembersSection view={view} onChange={reload}>
      <div className="panel__search">
        <SearchField label={t("panel.searchMembers")} value={search} onValue={setSearch} />
      </div>
      {items.length === 0 ? (
        <p className="panel__nobody" role="status">
          {t("panel.nobodyFound", { text: search })}
        </p>
      ) : (
        <FixedList
          items={items}
          height={MEMBER_PX}
          label={t("panel.members")}
          keyOf={(item) => (item === "more" ? "more" : item.user.id)}
          render={(item) =>
            item === "more" ? (
              <MoreMembers known={rows.length} problem={problem} onLoad={load} />
            ) : (
              <MemberRow member={item} owner={item.user.id === group.creator} actions={actionsOn(item)} />
            )
          }
        />
      )}
    </MembersSection>
  );
}

/** The end of what is known, which asks for more when it comes near. */
function MoreMembers({ known, problem, onLoad }: { known: number; problem: string | null; onLoad: () => void }) {
  const { t } = useTranslator();
  useEffect(() => {
    if (problem === null) onLoad();
  }, [known, problem, onLoad]);
  if (problem === null) return <Loading text={t("panel.membersLoading")} />;
  return (
    <div className="panel__more">
      <p className="panel__note ellipsis" role="alert" title={problem}>
        {problem}
      </p>
      <button type="button" className="button button--small" onClick={onLoad}>
        {t("action.retry")}
      </button>
    </div>
  );
}

interface SectionProps {
  readonly view: ChatView;
  readonly onChange?: () => void;
  readonly children: ReactNode;
}

function MembersSection({ view, onChange, children }: SectionProps) {
  const { t } = useTranslator();
  const [adding, setAdding] = useState(false);
  return (
    <section className="panel__section" aria-label={t("panel.members")}>
      <header className="panel__row">
        <h3 className="panel__subheading">{t("panel.members")}</h3>
        {rightsIn(view).manage && (
          <button type="button" className="button button--small button--quiet" onClick={() => setAdding(true)}>
            <Icon name="personAdd" size={20} />
            {t("panel.addMembers")}
          </button>
        )}
      </header>
      {children}
      {adding && (
        <AddDialog
          view={view}
          onClose={() => {
            setAdding(false);
            onChange?.();
          }}
        />
      )}
    </section>
  );
}

/** What one may do with a member; `onDone` when something was done. */
function useMemberActions(view: ChatView, onDone?: () => void): (member: Member) => readonly MenuItem[] {
  const { t } = useTranslator();
  const me = useMe();
  const engine = useEngine();
  const ask = useDo();
  const confirm = useConfirm();
  const { group } = view;
  const rights = rightsIn(view);
  const run = async (act: () => Promise<Outcome>): Promise<void> => {
    if ((await ask(act))?.ok === true) onDone?.();
  };
  return ({ user, admin }) => {
    if (user.id === me.id || user.id === group.creator) return [];
    const names = { name: user.name, group: view.title };
    const items: MenuItem[] = [];
    if (rights.own) {
      items.push({
        label: admin ? t("panel.unmakeAdmin") : t("panel.makeAdmin"),
        icon: "key",
        onSelect: () => void run(() => engine.setAdmin(group.gid, user.id, !admin)),
      });
      items.push({
        label: t("panel.handOver"),
        icon: "forward",
        onSelect: () =>
          void confirm({
            title: t("panel.handOverTitle", names),
            text: t("panel.handOverText", { name: user.name }),
            action: t("panel.handOver"),
            danger: true,
          }).then((yes) => (yes ? run(() => engine.handOver(group.gid, user.id)) : undefined)),
      });
    }
    if (rights.manage) {
      items.push({
        label: t("panel.removeMember"),
        icon: "trash",
        danger: true,
        onSelect: () =>
          void confirm({
            title: t("panel.removeTitle", names),
            text: t("panel.removeText", { name: user.name }),
            action: t("panel.removeMember"),
            danger: true,
          }).then((yes) => (yes ? run(() => engine.removeMember(group.gid, user.id)) : undefined)),
      });
    }
    return items;
  };
}

interface MemberRowProps {
  readonly member: Member;
  readonly owner: boolean;
  readonly actions: readonly MenuItem[];
}

function MemberRow({ member, owner, actions }: MemberRowProps) {
  const { t } = useTranslator();
  const me = useMe();
  const { user, admin } = member;
  const online = useOnline(user.id);
  const openPerson = useOpenPerson();
  return (
    <div className="member">
      <button type="button" className="member__who" onClick={() => openPerson(user)}>
        <Face name={user.name} address={user.avatar} seed={user.id} size={40} online={online} />
        <span className="member__names">
          <span className="ellipsis">
            <Words text={user.name} />
            {user.id === me.id && <span className="member__you"> ({t("panel.you")})</span>}
          </span>
          {online && <span className="hidden">{t("presence.online")}</span>}
          <span className="member__account ellipsis">
            <Words text={`@${user.account}`} />
          </span>
        </span>
      </button>
      {owner ? (
        <span className="member__role member__role--owner">{t("panel.owner")}</span>
      ) : (
        admin && <span className="member__role">{t("panel.admin")}</span>
      )}
      {actions.length > 0 && <Menu label={t("panel.memberActions", { name: user.name })} icon="more" items={actions} />}
    </div>
  );
}

function AddDialog({ view, onClose }: ChatPanelProps) {
  const { t } = useTranslator();
  const engine = useEngine();
  const { friends } = useLive(engine.contacts);
  const action = useAction();
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const people = useMemo(() => {
    const inside = new Set(view.members.map(({ user }) => user.id));
    return friends.filter(({ id }) => !inside.has(id));
  }, [friends, view.members]);
  const add = async (): Promise<void> => {
    const outcome = await action.run(() => engine.addMembers(view.group.gid, [...chosen]));
    if (outcome.ok) onClose();
  };
  return (
    <Dialog
      title={t("panel.addMembers")}
      onClose={onClose}
      onSubmit={() => void add()}
      actions={
        people.length > 0 && (
          <button type="submit" className="button button--main" disabled={action.busy || chosen.size === 0}>
            {chosen.size === 0 ? t("panel.addMembers") : t("panel.add", { count: chosen.size })}
          </button>
        )
      }
    >
      <FormError text={action.problem} />
      <PeoplePicker people={people} chosen={chosen} onChosen={setChosen} empty={t("panel.nobodyToAdd")} />
    </Dialog>
  );
}

function Leaving({ view }: { view: ChatView }) {
  const { t } = useTranslator();
  const engine = useEngine();
  const confirm = useConfirm();
  const run = useDo();
  const { group, title } = view;
  const { own } = rightsIn(view);

  const away = (ok: boolean): void => {
    if (ok) navigate({ page: "chats" });
  };
  const remove = async (): Promise<void> => {
    const yes = await confirm({
      title: t("panel.deleteChatTitle", { name: title }),
      text: view.member ? t("panel.deleteChatText") : t("panel.deleteLeftText"),
      action: t("panel.deleteChat"),
      danger: true,
    });
    if (yes) away((await run(() => engine.deleteChat(group.gid)))?.ok === true);
  };
  const leave = async (): Promise<void> => {
    const yes = await confirm({
      title: t("panel.leaveTitle", { group: title }),
      text: own ? t("panel.leaveOwnerText") : t("panel.leaveText"),
      action: t("panel.leave"),
      danger: true,
    });
    if (yes) away((await run(() => engine.leave(group.gid)))?.ok === true);
  };
  const dissolve = async (): Promise<void> => {
    const yes = await confirm({
      title: t("panel.dissolveTitle", { group: title }),
      text: t("panel.dissolveText"),
      action: t("panel.dissolve"),
      danger: true,
    });
    if (yes) away((await run(() => engine.dissolve(group.gid)))?.ok === true);
  };
  return (
    <section className="panel__section panel__section--leaving">
      {view.member && !group.single ? (
        <button type="button" className="button button--danger-quiet panel__leave" onClick={() => void leave()}>
          <Icon name="logOut" size={20} />
          {t("panel.leave")}
        </button>
      ) : (
        <button type="button" className="button button--danger-quiet panel__leave" onClick={() => void remove()}>
          <Icon name="trash" size={20} />
          {t("panel.deleteChat")}
        </button>
      )}
      {own && view.member && (
        <button type="button" className="button button--danger-quiet panel__leave" onClick={() => void dissolve()}>
          <Icon name="trash" size={20} />
          {t("panel.dissolve")}
        </button>
      )}
    </section>
  );
}
