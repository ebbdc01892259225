package decimation

import "fmt"

// Local date-times are int64 seconds since local 1970-01-01T00:00: the proleptic Gregorian calendar without any offset.

const day = 24 * 60 * 60

// civilDays is the number of days from 1970-01-01 to a date. Month is 1 to 12; day may be any number.
// The year is counted from March, so that the leap day comes last, in eras of 400 years (146,097 days).
func civilDays(year, month, dayOfMonth int64) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	era := floorDiv(year, 400)
	yearOfEra := year - era*400
	dayOfYear := (153*(month-3)+2)/5 + dayOfMonth - 1
	return era*146097 + yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear - 719468
}

// civilDate is the inverse of civilDays.
func civilDate(days int64) (year, month, dayOfMonth int64) {
	days += 719468
	era := floorDiv(days, 146097)
	dayOfEra := days - era*146097
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36524 - dayOfEra/146096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	m := (5*dayOfYear + 2) / 153
	dayOfMonth = dayOfYear - (153*m+2)/5 + 1
	year, month = era*400+yearOfEra, m+3
	if month > 12 {
		year, month = year+1, month-12
	}
	return year, month, dayOfMonth
}

// daysIn is the number of days of a month.
func daysIn(year, month int64) int64 {
	if month == 2 {
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 30 + (month+month/8)%2
}

// monthNumber counts months since January of year 0, firstOfMonth is the local second at which one begins.
func monthNumber(local int64) int64 {
	year, month, _ := civilDate(floorDiv(local, day))
	return year*12 + month - 1
}

func firstOfMonth(n int64) int64 {
	year := floorDiv(n, 12)
	return civilDays(year, n-year*12+1, 1) * day
}

// LocalInstant is the instant (ns) of a date and time on the clocks of a zone. A time that does not exist is the first instant
// after the gap; one that exists twice is the earlier. A date or time that no calendar has (month 13, 30 February, 24:00) is an
// error, and so is an instant outside int64.
func LocalInstant(year, month, dayOfMonth, hour, minute, second, nanosecond int, zone *Zone) (int64, error) {
	switch {
	case month < 1 || month > 12:
		return 0, fmt.Errorf("month %d: months are 1 to 12", month)
	case dayOfMonth < 1 || int64(dayOfMonth) > daysIn(int64(year), int64(month)):
		return 0, fmt.Errorf("day %d: that month has days 1 to %d", dayOfMonth, daysIn(int64(year), int64(month)))
	case hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || nanosecond < 0 || nanosecond > 999_999_999:
		return 0, fmt.Errorf("time %02d:%02d:%02d: a day has 00:00:00 to 23:59:59", hour, minute, second)
	case year < firstYear || year > lastYear:
		return 0, fmt.Errorf("year %d: %w", year, errTimeLine)
	}
	local := civilDays(int64(year), int64(month), int64(dayOfMonth))*day + int64(hour)*3600 + int64(minute)*60 + int64(second)
	return localInstant(zone.table(), local, int64(nanosecond))
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
