// What is asked from Python. One change is under way at a time and those made meanwhile are put
// together, so that clicks may come faster than answers and none is lost.
const BUSY = 1000;
const DEAD = 20_000;

export function talk(model, heard) {
  const whose = Math.random().toString(36).slice(2);
  let numbered = 0;
  let underWay = null;
  let waiting = {};
  let asking = null;
  let wanted = null;
  const timers = [];

  const ask = (question) => {
    numbered += 1;
    model.send({ ...question, of: whose, number: numbered });
    return numbered;
  };
  const idle = () => !underWay && !asking;
  const watch = () => {
    timers.splice(0).forEach(clearTimeout);
    heard.wait("");
    if (idle()) return;
    timers.push(setTimeout(() => heard.wait("Python is busy …"), BUSY));
    const dead = "Python does not answer: is the kernel busy with a cell, or was it restarted? "
      + "Then run this cell again.";
    timers.push(setTimeout(() => heard.wait(dead), DEAD));
  };
  const next = () => {
    if (!underWay && Object.keys(waiting).length) {
      underWay = { change: waiting };
      waiting = {};
      underWay.number = ask({ change: underWay.change });
    }
    // Rows of what is about to change would come too late.
    if (!underWay && !asking && wanted) {
      asking = { ...wanted };
      wanted = null;
      asking.number = ask(asking);
    }
    watch();
  };
  const answered = (answer) => {
    if (answer?.of !== whose) return;
    if (answer.error) heard.error(answer.error);
    if (answer.number === underWay?.number) {
      underWay = null;
      heard.state();
    } else if (answer.number === asking?.number) {
      asking = null;
      if (answer.rows) heard.rows(answer);
    }
    next();
  };
  model.on("msg:custom", answered);

  return {
    // What is in force as soon as Python has heard of it.
    state: () => ({ ...model.get("view").state, ...underWay?.change, ...waiting }),
    change(part) {
      waiting = { ...waiting, ...part };
      heard.state();
      next();
    },
    rows(version, from, many) {
      if (asking?.version === version && asking.from === from) return;
      wanted = { version, from, count: many };
      next();
    },
    end() {
      timers.splice(0).forEach(clearTimeout);
      model.off("msg:custom", answered);
    },
  };
}
