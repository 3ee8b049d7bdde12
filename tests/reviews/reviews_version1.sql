PRAGMA application_id = 1886671446;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE current (
      sample TEXT    NOT NULL,
      task   TEXT    NOT NULL,
      owner  TEXT    NOT NULL,
      seq    INTEGER NOT NULL REFERENCES history,
      PRIMARY KEY (sample, task, owner)
    ) WITHOUT ROWID
    ;
INSERT INTO "current" VALUES('tiny-u0001-0001','adjudication','',4);
INSERT INTO "current" VALUES('tiny-u0001-0001','criteria','Ada',1);
INSERT INTO "current" VALUES('tiny-u0001-0001','criteria','Bob',2);
INSERT INTO "current" VALUES('tiny-u0001-0001','origins','Ada',5);
CREATE TABLE history (
      seq         INTEGER PRIMARY KEY AUTOINCREMENT,
      sample      TEXT    NOT NULL,
      owner       TEXT    NOT NULL, -- the annotator; '' where a sample has one for all: adjudication
      task        TEXT    NOT NULL,
      version     INTEGER NOT NULL,
      status      TEXT    NOT NULL,
      second_look INTEGER NOT NULL,
      annotator   TEXT    NOT NULL,
      digest      TEXT    NOT NULL,
      said        TEXT    NOT NULL, -- equal where two people said the same
      origin      INTEGER, -- version whose content it is: of an undo an earlier one; null: its own
      body        TEXT    NOT NULL,
      UNIQUE (sample, task, owner, version)
    );
INSERT INTO "history" VALUES(1,'tiny-u0001-0001','Ada','criteria',1,'done',0,'Ada','44d12ab8032ef60f','ok,ok,ok',NULL,'{"sample":"tiny-u0001-0001","task":"criteria","annotator":"Ada","base":0,"status":"done","content":{"query":"ok","platform":"ok","calls":"ok","correction":null},"comment":"","second_look":false,"seconds":12.5,"version":1,"digest":"44d12ab8032ef60f","at":"2026-11-29T12:00:00Z"}');
INSERT INTO "history" VALUES(2,'tiny-u0001-0001','Bob','criteria',1,'done',1,'Bob','44d12ab8032ef60f','fix,ok,fix:0123456789abcdef',NULL,'{"sample":"tiny-u0001-0001","task":"criteria","annotator":"Bob","base":0,"status":"done","content":{"query":"fix","platform":"ok","calls":"fix","correction":{"query":"Find tea, please.","platform":null,"calls":[{"api":"find","arguments":{"what":"tea","cold":false}}],"words":{"calls[0].arguments.cold":"tea"}}},"comment":"=1","second_look":true,"seconds":0.0,"version":1,"digest":"44d12ab8032ef60f","at":"2026-11-29T12:00:00Z"}');
INSERT INTO "history" VALUES(3,'tiny-u0001-0001','Ada','origins',1,'done',0,'Ada','44d12ab8032ef60f','5a',NULL,'{"sample":"tiny-u0001-0001","task":"origins","annotator":"Ada","base":0,"status":"done","content":{"labels":[{"call":0,"parameter":"what","origin":"query"}]},"comment":"","second_look":false,"seconds":0.0,"version":1,"digest":"44d12ab8032ef60f","at":"2026-11-29T12:00:00Z"}');
INSERT INTO "history" VALUES(4,'tiny-u0001-0001','','adjudication',1,'done',0,'Cleo','44d12ab8032ef60f','ok,ok,ok|',NULL,'{"sample":"tiny-u0001-0001","task":"adjudication","annotator":"Cleo","base":0,"status":"done","content":{"criteria":{"query":"ok","platform":"ok","calls":"ok","correction":null},"origins":null},"comment":"","second_look":false,"seconds":0.0,"version":1,"digest":"44d12ab8032ef60f","at":"2026-11-29T12:00:00Z"}');
INSERT INTO "history" VALUES(5,'tiny-u0001-0001','Ada','origins',2,'withdrawn',0,'Ada','44d12ab8032ef60f','',0,'{"sample":"tiny-u0001-0001","task":"origins","annotator":"Ada","base":1,"status":"withdrawn","content":null,"comment":"","second_look":false,"seconds":0.0,"version":2,"digest":"44d12ab8032ef60f","at":"2026-11-29T12:00:00Z"}');
CREATE TABLE roster (place INTEGER PRIMARY KEY, annotator TEXT NOT NULL UNIQUE);
INSERT INTO "roster" VALUES(1,'Ada');
INSERT INTO "roster" VALUES(2,'Bob');
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "settings" VALUES('overlap','0.5');
CREATE TRIGGER kept BEFORE UPDATE ON history BEGIN SELECT RAISE(ABORT, 'the history is kept'); END;
CREATE TRIGGER whole BEFORE DELETE ON history BEGIN SELECT RAISE(ABORT, 'the history is kept'); END;
CREATE TRIGGER newest AFTER INSERT ON history BEGIN
      INSERT INTO current VALUES (new.sample, new.task, new.owner, new.seq)
      ON CONFLICT (sample, task, owner) DO UPDATE SET seq = excluded.seq;
    END;
CREATE INDEX by_annotator ON history (annotator, seq);
INSERT INTO "sqlite_sequence" VALUES('history',5);
COMMIT;
