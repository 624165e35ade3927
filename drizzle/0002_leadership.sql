CREATE TABLE "leadership" (
	"singleton" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"term" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "leadership_singleton" CHECK ("leadership"."singleton")
);
--> statement-breakpoint
INSERT INTO "leadership" DEFAULT VALUES;
