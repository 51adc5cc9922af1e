// Times as the reader's clock shows them; the exact moment stays in the title.

const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
for (const time of document.querySelectorAll("time[datetime]")) {
  const moment = new Date(time.dateTime);
  time.title = moment.toISOString();
  time.textContent = format.format(moment);
}
