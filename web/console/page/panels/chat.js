// The chat: the rooms that we are in, what is said, and who is there.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useModel } from "../changes.js";
import { wishOf } from "../chat_commands.js";
import { ClientOptions, optionsOf } from "../client_options.js";
import { visible } from "../format.js";
import { html } from "../html.js";
import { attempt, Problem, ServerChoice } from "../parts.js";
import { useStore } from "../store.js";
import { language, t } from "../words.js";
import { Conversation, Mark } from "../conversation.js";

const KEPT_AS = "sockdock chat name";

export function Chat({ store }) {
  const chat = useModel(store.chat);
  useEffect(() => {
    chat.setShown(true);
    return () => chat.setShown(false);
  }, [chat]);
  return chat.server === undefined
    ? html`<${Enter} chat=${chat} store=${store} />`
    : html`<${Inside} chat=${chat} />`;
}

/** Which chat to enter, and as whom. */
function Enter({ chat, store }) {
  const { servers } = useStore(store);
  const chats = servers.filter(({ protocol, options }) => protocol === "chat" && !options.bare);
  const [chosen, choose] = useState("");
  const [name, setName] = useState(sessionStorage.getItem(KEPT_AS) ?? "");
  const [room, setRoom] = useState("lobby");
  const [options, setOptions] = useState("");
  const [problem, setProblem] = useState();
  const [entering, setEntering] = useState(false);
  const server = chats.find(({ id }) => String(id) === chosen) ?? chats[0];
  if (server === undefined) {
    return html`<p class="empty">${t("noChats")} <a href="#servers">${t("startServer")}</a></p>`;
  }
  const enter = async (event) => {
    event.preventDefault();
    setEntering(true);
    sessionStorage.setItem(KEPT_AS, name.trim());
    await attempt(
      setProblem,
      () => chat.enter(server, name.trim(), room.trim(), optionsOf(options)),
    );
    setEntering(false);
  };
  return html`
    <form class="card enter" onSubmit=${enter}>
      <${ServerChoice} servers=${chats} value=${String(server.id)} onChange=${choose} />
      <label>${t("yourName")}<input name="name" value=${name} maxlength="64" autocomplete="off"
        spellcheck="false" onInput=${(event) => setName(event.target.value)} />
        <small>${t("yourNameHelp")}</small></label>
      <label>${t("room")}<input name="room" value=${room} maxlength="64" autocomplete="off"
        spellcheck="false" onInput=${(event) => setRoom(event.target.value)} /></label>
      <${ClientOptions} value=${options} onChange=${setOptions} />
      <button class="main" disabled=${entering}>${t("enterChat")}</button>
      <${Problem} text=${problem ?? (chat.reason && visible(chat.reason))} />
    </form>
  `;
}

function Inside({ chat }) {
  const room = chat.rooms.get(chat.room);
  const person = chat.people.get(chat.person);
  const place = person ?? room;
  // What was found, or went wrong, belongs to where it was.
  const [wrong, setWrong] = useState({});
  const [search, setSearch] = useState({});
  const found = search.place === place ? search.found : undefined;
  const setProblem = (problem) => setWrong({ place, problem });
  const setFound = (found) => setSearch({ place, found });
  if (room === undefined) return null;
  const carryOut = (text) =>
    attempt(setProblem, async () => {
      const wish = wishOf(text);
      if (wish === undefined) throw new Error(t("noCommand", visible(text.split(/\s/)[0])));
      if (wish.type === "say" && person !== undefined) await chat.write(person.name, wish.text);
      else if (wish.type === "say") chat.say(wish.text, wish.kind);
      else if (wish.type === "join") await chat.join(wish.room);
      else if (wish.type === "name") await chat.rename(wish.name);
      else if (wish.type === "msg") {
        await chat.write(wish.to, wish.text);
        chat.showPerson(wish.to);
      } else if (wish.type === "search") setFound(await chat.search(wish.words));
      else await chat.remove(wish);
    });
  return html`
    <div class="chat">
      <${Places} chat=${chat} carryOut=${carryOut} />
      <section class="card talkspace" aria-label=${t("chat")}>
        <header class="roomhead">
          <h2><bdi>${visible(person?.name ?? room.room)}</bdi></h2>
          <p class="soft" role="status">${room.phase === "lost"
            ? html`<span class="away">${t("chatAway", visible(room.detail ?? ""))}</span>`
            : person !== undefined
            ? t("betweenYou")
            : t("membersHere", room.members.length)}</p>
          ${person === undefined && html`
            <form role="search" onSubmit=${(event) => {
              event.preventDefault();
              const words = event.target.elements.words.value.trim();
              if (words === "") setFound(undefined);
              else attempt(setProblem, async () => setFound(await chat.search(words)));
            }}><input type="search" name="words" aria-label=${t("searchChat")}
                placeholder=${t("searchChat")} /></form>
          `}
        </header>
        ${found === undefined
          ? html`
            <${Conversation} key=${person?.name ?? `#${room.room}`} chat=${chat} place=${place}
              older=${person === undefined && !room.hasAll
                ? () => attempt(setProblem, () => chat.older())
                : undefined} />
          `
          : html`
            <p class="buttons"><strong role="status">${t("found", found.length)}</strong>
              <button type="button" class="small" onClick=${() => setFound(undefined)}>${t(
                "backToChat",
              )}</button></p>
            <${Conversation} key="found" chat=${chat} place=${{ lines: found }} />
          `}
        <${Problem} text=${wrong.place === place ? wrong.problem : undefined} />
        <${Say} key=${person?.name ?? `#${room.room}`} carryOut=${carryOut}
          to=${person?.name ?? room.room} />
      </section>
      <${Members} chat=${chat} room=${room} setProblem=${setProblem} />
    </div>
  `;
}

/** The rooms and people to talk to, with what was not seen of them. */
function Places({ chat, carryOut }) {
  const wide = useRef(isWide());
  const joined = [...chat.rooms.values()];
  const others = chat.others.filter(({ room }) => !chat.rooms.has(room));
  return html`
    <nav class="places" aria-label=${t("rooms")}>
      <h2>${t("rooms")}</h2>
      <ul>${joined.map(({ room, unread, mentions }) =>
        html`
          <li key=${room}>
            <button type="button" class="place" aria-current=${room === chat.room &&
                chat.person === undefined
              ? "true"
              : undefined} onClick=${() => chat.showRoom(room)}><bdi>${visible(
                room,
              )}</bdi><${Unread}
              unread=${unread} mentions=${mentions} /></button>
            ${joined.length > 1 && html`
              <button type="button" class="link" aria-label=${`${t("leaveRoom")}: ${visible(room)}`}
                onClick=${() => chat.leave(room)}>×</button>
            `}
          </li>
        `
      )}${others.map(({ room, members }) =>
        html`
          <li key=${`+${room}`}><button type="button" class="place soft"
            onClick=${() => carryOut(`/join ${room}`)}><bdi>${visible(room)}</bdi>
            <span>${t("membersHere", members)}</span></button></li>
        `
      )}</ul>
      ${chat.people.size > 0 && html`
        <h2>${t("directly")}</h2>
        <ul>${[...chat.people.values()].map(({ name, unread }) =>
          html`
            <li
              key=${name}><button type="button" class="place" aria-current=${name === chat.person
                ? "true"
                : undefined} onClick=${() => chat.showPerson(name)}><bdi>${visible(
                  name,
                )}</bdi><${Unread}
              unread=${unread} mentions=${unread} /></button></li>
          `
        )}</ul>
      `}
      <details open=${wide.current}>
        <summary>${t("joinRoom")}</summary>
        <${OneWord} name="join" label=${t("room")} button=${t("join")} carryOut=${carryOut} />
        <p><button type="button" class="small" onClick=${() => chat.leaveAll()}>${t(
          "leaveChat",
        )}</button></p>
      </details>
    </nav>
  `;
}

function Unread({ unread, mentions }) {
  if (unread === 0) return null;
  return html`<span class=${mentions > 0 ? "unread mention" : "unread"}>${unread}<span
    class="unseen"> ${t("unread")}</span></span>`;
}

/** A form with one word, which is that of a command. */
function OneWord({ name, label, button, carryOut }) {
  const submit = (event) => {
    event.preventDefault();
    const { word } = event.target.elements;
    if (word.value.trim() !== "") carryOut(`/${name} ${word.value.trim()}`);
    word.value = "";
  };
  return html`
    <form class="oneword" onSubmit=${submit} data-command=${name}>
      <label>${label}<input name="word" autocomplete="off" spellcheck="false" maxlength="64" /></label>
      <button class="small">${button}</button>
    </form>
  `;
}

function Members({ chat, room, setProblem }) {
  const sorted = room.members.toSorted((one, other) =>
    one.name.localeCompare(other.name, language)
  );
  const wide = useRef(isWide());
  return html`
    <aside class="members" aria-label=${t("members")}>
      <details open=${wide.current}>
        <summary>${t("membersHere", room.members.length)}</summary>
        <ul>${sorted.map(({ name, standing }) =>
          html`
            <li key=${name}>${name === room.name
              ? html`<span class="self"><bdi>${
                visible(name)
              }</bdi><${Mark} standing=${standing} /> <span
                class="soft">${t("you")}</span></span>`
              : html`
                <button type="button" class="place" title=${t("writeTo", visible(name))}
                  onClick=${() => chat.showPerson(name)}><span><bdi>${visible(name)}</bdi><${Mark}
                    standing=${standing} /></span></button>
              `}</li>
          `
        )}</ul>
        <${OneWord} name="name" label=${t("otherName")} button=${t("change")} carryOut=${(line) =>
          attempt(setProblem, () => chat.rename(wishOf(line).name))} />
      </details>
    </aside>
  `;
}

/** Whether what is not talk has a place of its own. */
function isWide() {
  return matchMedia("(min-width: 60rem)").matches;
}

/** What is said next: Enter says it, Shift and Enter begins a line. */
function Say({ carryOut, to }) {
  const [text, setText] = useState("");
  const field = useRef();
  // At once: a person may be elsewhere already when the page has been painted.
  useLayoutEffect(() => {
    // On a phone the keyboard would cover what is said.
    if (!matchMedia("(pointer: coarse)").matches) field.current.focus();
  }, []);
  const say = async (event) => {
    event?.preventDefault();
    if (text.trim() === "") return;
    setText("");
    // What was refused can be mended.
    if (!await carryOut(text)) setText((now) => now === "" ? text : now);
  };
  const onKeyDown = (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) say(event);
  };
  return html`
    <form class="say" onSubmit=${say}>
      <textarea name="say" rows="1" ref=${field} value=${text} aria-label=${t("sayTo", visible(to))}
        placeholder=${t("sayTo", visible(to))} onKeyDown=${onKeyDown}
        onInput=${(event) => setText(event.target.value)}></textarea>
      <button class="main">${t("send")}</button>
    </form>
  `;
}
