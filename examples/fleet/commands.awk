# Turns the CSV of flights into commands, as JSON lines for `processor send examples/fleet ENTITY -`.
#
#   zcat flights.csv.gz | awk -v entity=aircraft -f commands.awk
#   zcat flights.csv.gz | awk -v entity=flight -f commands.awk
#
# A flight has one place in the timetable (carrier, number, origin, day), which makes its command id: sent again, it is not applied again.
BEGIN { FS = "," }
NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
{
	date = sprintf("%04d-%02d-%02d", at("year"), at("month"), at("day"))
	flight = at("carrier") at("flight") "-" at("origin") "-" date
	leg = sprintf("\"date\":\"%s\",\"carrier\":\"%s\",\"origin\":\"%s\",\"dest\":\"%s\"", date, at("carrier"), at("origin"), at("dest"))
	if (entity == "aircraft")
		printf "{\"id\":\"%s\",\"command_id\":\"aircraft/%s\",\"type\":\"RecordFlight\",%s,\"number\":%d,\"dep_time\":%s,\"air_minutes\":%s}\n", \
			missing("tailnum") ? "none" : at("tailnum"), flight, leg, at("flight"), number("dep_time"), number("air_time")
	else if (missing("dep_time"))
		printf "{\"id\":\"%s\",\"command_id\":\"flight/%s\",\"type\":\"ReportCancellation\",%s}\n", flight, flight, leg
	else
		printf "{\"id\":\"%s\",\"command_id\":\"flight/%s\",\"type\":\"ReportDeparture\",%s,\"dep_delay\":%d}\n", flight, flight, leg, at("dep_delay")
}
function at(name) { return $column[name] }
function missing(name) { return at(name) == "" || at(name) == "NA" }
function number(name) { return missing(name) ? "null" : at(name) + 0 }
