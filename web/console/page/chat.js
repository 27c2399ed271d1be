// Our membership of a chat: the rooms that we are in, each by a session of its own, what is written to
// us alone, and coming back. It goes on while other panels are shown. The sessions are sockdock's own
// client, which reconnects and resumes by itself; what is left to do here is when sockdock, the chat or
// this page was away.

import { createChanges } from "./changes.js";
import { addMessage, addNote, addOlder, createRoom, highestIn, lowestIn } from "./chat_room.js";
import { t } from "./words.js";

const AGAIN_MS = 1000;
/** How often it is asked who is there, and which rooms there are. */
const LOOK_MS = 10_000;
const PAGE = 100;

export function createChat(store) {
  const { dials } = store;
  const { subscribe, changed, drawn } = createChanges();
  const chat = {
    /** The server, while we are in its chat. */
    ...{ server: undefined, options: {}, name: "" },
    rooms: new Map(),
    people: new Map(),
    /** Rooms that others are in. */
    others: [],
    /** The room or the person that is shown. */
    ...{ room: undefined, person: undefined, isShown: false },
    /** Why we are not in the chat any more. */
    reason: undefined,
    ...{ subscribe, enter, leave, leaveAll, join, say, again, drop, write, rename, remove },
    ...{ older, search, showRoom, showPerson, setShown },
    get unread() {
      const all = [...chat.rooms.values(), ...chat.people.values()];
      return all.reduce((sum, { unread }) => sum + unread, 0);
    },
    get mentions() {
      const people = [...chat.people.values()].reduce((sum, { unread }) => sum + unread, 0);
      return [...chat.rooms.values()].reduce((sum, { mentions }) => sum + mentions, people);
    },
  };
  let looking;
  let writings = 0;
  document.addEventListener("visibilitychange", () => (see(), changed()));

  /** Enters the chat of a server. */
  async function enter(server, name, room, options) {
    chat.options = options;
    chat.name = name;
    chat.reason = undefined;
    const first = createRoom(room);
    await open(server, first);
    chat.server = server;
    chat.rooms.set(first.room, first);
    showRoom(first.room);
    look();
  }

  /** Opens the session of a room. */
  async function open(server, room) {
    const after = highestIn(room);
    let isOpen = true;
    const dial = await dials.open({
      server: server.id,
      options: chat.options,
      chat: {
        ...chat.name !== "" && { name: chat.name },
        ...room.room !== "" && { room: room.room },
        ...after === undefined ? { last: PAGE } : { after },
      },
    }, (event) => {
      if (event.chat !== undefined) hear(room, event.chat);
      if (event.event === "closed" && isOpen) {
        isOpen = false;
        lost(room, event.reason ?? t("talkLost"));
      }
      changed();
    });
    room.dial = dial.id;
    if (!isOpen) throw new Error(t("talkLost"));
    lookAround(room);
    flush(room);
    // A chat that was started anew gives places anew; and this tells whether there is more.
    const { messages } = await ask(room, { type: "history", count: PAGE });
    for (const one of messages) addMessage(room, { ...one, own: one.name === room.name });
    if (after === undefined) room.hasAll = messages.length < PAGE;
    changed();
  }

  /** Before a session has its number, and once it is lost, there is nobody to ask. */
  async function ask(room, request) {
    if (room.dial === undefined) throw new Error(t("talkLost"));
    return await dials.ask(room.dial, request);
  }

  function hear(room, event) {
    switch (event.event) {
      case "connected":
      case "joined":
        // The server chooses where nothing was asked for.
        if (chat.rooms.get(room.room) === room) chat.rooms.delete(room.room);
        if (event.room !== room.room) room.room = event.room;
        chat.rooms.set(room.room, room);
        if (event.name !== undefined) named(room, event);
        if (room.phase === "lost") addNote(room, "chatBack");
        Object.assign(room, { phase: "in", detail: undefined });
        if (event.again) who(room);
        flush(room);
        return;
      case "message": {
        const own = event.own || event.name === room.name;
        if (addMessage(room, { ...event, own }) && !own) notice(room, event);
        return;
      }
      case "private": {
        const person = personOf(event.name);
        person.lines.push({ ...event, line: "message", id: `writing-${++writings}` });
        return notice(person, event);
      }
      case "named":
        named(room, event);
        addNote(room, "chatNamed", event.name);
        who(room);
        return;
      case "came":
        return came(room, event.name);
      case "went":
        room.members = room.members.filter(({ name }) => name !== event.name);
        if (event.reason) addNote(room, "chatWentBecause", event.name, event.reason);
        else addNote(room, "chatWent", event.name);
        return;
      case "renamed":
        room.members = room.members.map((one) =>
          one.name === event.name ? { ...one, name: event.to } : one
        );
        return addNote(room, "chatRenamed", event.name, event.to);
      case "missed":
        return addNote(room, "chatMissed", event.count);
      case "notice":
      case "error":
        return addNote(room, "chatSays", event.text);
      case "lost":
      case "reconnecting":
        if (room.phase !== "lost") addNote(room, "chatLost");
        return Object.assign(room, { phase: "lost", detail: event.reason });
      case "closed":
        // The chat wants us no more, or cannot be had again.
        room.isExpelled = true;
        chat.reason = event.reason;
    }
  }

  function named(room, { name, standing }) {
    // A name that is taken is ours again once it is free.
    if (room.name === undefined && chat.name !== "" && name !== chat.name) {
      addNote(room, standing === "verified" ? "chatNamed" : "chatTaken", name, chat.name);
    }
    Object.assign(room, { name, standing });
  }

  function came(room, name) {
    if (!room.members.some((one) => one.name === name)) {
      room.members = [...room.members, { name, standing: "plain" }];
    }
    addNote(room, "chatCame", name);
  }

  /** Something new in a room or of a person, which may be seen at once. */
  function notice(place, event) {
    if (isSeen(place)) return;
    place.unread++;
    place.newFrom ??= place.lines.at(-1).id;
    if (event.mention) place.mentions++;
  }

  function isSeen(place) {
    return chat.isShown && !document.hidden && place === placeShown();
  }

  function placeShown() {
    return chat.person === undefined ? chat.rooms.get(chat.room) : chat.people.get(chat.person);
  }

  /** What is shown has been seen. */
  function see() {
    const place = placeShown();
    if (place !== undefined && isSeen(place)) Object.assign(place, { unread: 0, mentions: 0 });
  }

  function setShown(isShown) {
    chat.isShown = isShown;
    see();
    changed();
  }

  /** A session has ended: the chat, sockdock or the page was away. Comes back once there is one. */
  async function lost(room, reason) {
    if (chat.rooms.get(room.room) !== room) return;
    room.dial = undefined;
    if (room.isExpelled) return expelled(room);
    if (room.phase !== "lost") addNote(room, "chatLost");
    Object.assign(room, { phase: "lost", detail: reason });
    while (chat.rooms.get(room.room) === room) {
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      const { phase, servers } = store.state;
      const server = servers.find(({ protocol, url }) =>
        protocol === "chat" && url === chat.server?.url
      );
      if (phase !== "ok" || server === undefined) continue;
      try {
        chat.server = server;
        return await open(server, room);
      } catch (error) {
        room.detail = error.message;
        changed();
      }
    }
  }

  function expelled(room) {
    chat.rooms.delete(room.room);
    if (chat.rooms.size === 0) return leaveAll();
    if (chat.room === room.room) showRoom([...chat.rooms.keys()][0]);
  }

  async function join(name) {
    if (chat.rooms.has(name)) return showRoom(name);
    const room = createRoom(name);
    await open(chat.server, room);
    chat.rooms.set(room.room, room);
    showRoom(room.room);
  }

  function leave(name) {
    const room = chat.rooms.get(name);
    chat.rooms.delete(name);
    close(room);
    if (chat.rooms.size === 0) leaveAll();
    else if (chat.room === name) showRoom([...chat.rooms.keys()][0]);
    changed();
  }

  /** One that has ended may be forgotten already. */
  function close({ dial }) {
    if (dial !== undefined) dials.close(dial).catch(() => {});
  }

  function leaveAll() {
    for (const room of chat.rooms.values()) close(room);
    chat.rooms.clear();
    chat.people.clear();
    looking = undefined;
    Object.assign(chat, { server: undefined, room: undefined, person: undefined, others: [] });
    changed();
  }

  function showRoom(name) {
    Object.assign(chat, { room: name, person: undefined });
    shown(chat.rooms.get(name));
  }

  function showPerson(name) {
    chat.person = name;
    shown(personOf(name));
  }

  function shown(place) {
    // What is new is told once.
    if (place.unread === 0) place.newFrom = undefined;
    see();
    drawn();
  }

  function personOf(name) {
    if (!chat.people.has(name)) {
      chat.people.set(name, { name, lines: [], unread: 0, mentions: 0, newFrom: undefined });
    }
    return chat.people.get(name);
  }

  /** Says something in the room that is shown, once, however often it has to be sent. */
  function say(text, kind = "say") {
    const room = chat.rooms.get(chat.room);
    const id = [...crypto.getRandomValues(new Uint32Array(4))]
      .map((part) => part.toString(16).padStart(8, "0")).join("");
    const one = { id, text, kind, time: new Date().toISOString(), problem: undefined };
    room.unsaid = [...room.unsaid, one];
    changed();
    flush(room);
  }

  /** Sends what is to be said, one after the other, as long as the room can be heard. */
  async function flush(room) {
    if (room.isFlushing) return;
    room.isFlushing = true;
    for (;;) {
      const one = room.unsaid.find(({ problem }) => problem === undefined);
      if (one === undefined || room.phase !== "in") break;
      const { id, text, kind, time } = one;
      try {
        const { seq } = await ask(room, { type: "say", id, text, kind });
        const { name, standing } = room;
        addMessage(room, { ...{ id, seq, name, standing, kind, text, time }, own: true });
      } catch (error) {
        if (error.status !== 409 && error.status !== 422) {
          // It was not heard, or nobody knows; the same id is said once.
          setTimeout(() => flush(room), AGAIN_MS);
          break;
        }
        if (room.phase === "in") one.problem = error.message;
      }
      changed();
    }
    room.isFlushing = false;
  }

  function again(one) {
    one.problem = undefined;
    changed();
    flush(chat.rooms.get(chat.room));
  }

  function drop(one) {
    const room = chat.rooms.get(chat.room);
    room.unsaid = room.unsaid.filter((other) => other !== one);
    changed();
  }

  /** Writes to one member alone. */
  async function write(name, text) {
    const room = chat.rooms.get(chat.room);
    await ask(room, { type: "msg", to: name, text });
    const time = new Date().toISOString();
    const { name: from, standing } = room;
    const own = { line: "message", id: `writing-${++writings}`, name: from, standing };
    personOf(name).lines.push({ ...own, kind: "say", text, time, own: true });
    changed();
  }

  async function rename(name) {
    for (const room of chat.rooms.values()) await ask(room, { type: "name", name });
    chat.name = name;
  }

  /** Removes a member, as operators may. */
  async function remove(request) {
    await ask(chat.rooms.get(chat.room), request);
  }

  async function older() {
    const room = chat.rooms.get(chat.room);
    const before = lowestIn(room);
    const { messages } = await ask(room, {
      ...{ type: "history", count: PAGE },
      ...before !== undefined && { before },
    });
    addOlder(room, messages.map((one) => ({ ...one, own: one.name === room.name })));
    changed();
  }

  async function search(words) {
    const { messages } = await ask(chat.rooms.get(chat.room), {
      type: "search",
      words,
      count: PAGE,
    });
    return messages;
  }

  async function who(room) {
    const { members } = await ask(room, { type: "who" }).catch(() => ({ members: room.members }));
    room.members = members;
    changed();
  }

  /** Looks around again and again: large rooms tell nobody who comes and goes. */
  async function look() {
    const own = looking = {};
    while (looking === own) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      const room = chat.rooms.get(chat.room);
      if (!document.hidden && chat.isShown && room?.phase === "in") await lookAround(room);
    }
  }

  async function lookAround(room) {
    await who(room);
    const { rooms } = await ask(room, { type: "rooms" }).catch(() => ({ rooms: chat.others }));
    chat.others = rooms;
    changed();
  }

  return chat;
}
