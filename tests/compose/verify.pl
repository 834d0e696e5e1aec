# Verify the DKIM signatures of the message on standard input with Mail::DKIM, which shares no code with dkimpy.
# Arguments: SELECTOR RECORD, for each key; what DNS would say. Prints one result a signature, in their order.
use strict;
use warnings;
use Mail::DKIM::PublicKey;
use Mail::DKIM::Verifier;

my %records = @ARGV;
{
    no warnings 'redefine';
    *Mail::DKIM::PublicKey::fetch_async = sub {
        my ($class, %asked) = @_;
        my $key = $class->parse($records{$asked{Selector}});
        @$key{qw(Selector Domain)} = @asked{qw(Selector Domain)};
        $key->check;
        my $success = ($asked{Callbacks} || {})->{Success};
        return sub { $success ? $success->($key) : $key };
    };
}
my $verifier = Mail::DKIM::Verifier->new;
binmode STDIN;
$verifier->PRINT($_) while <STDIN>;
$verifier->CLOSE;
print join("\n", map { $_->result } $verifier->signatures), "\n";
