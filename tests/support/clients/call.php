<?php
// Calls operations with PHP's own SOAP client, which knows nothing but the WSDL.
// In: JSON on standard input, {"wsdl": URL, "calls": [[operation, parameters], ...]}. Out: a JSON list of the answers;
// a fault is {"fault": code}.
$task = json_decode(stream_get_contents(STDIN), true);
$client = new SoapClient($task["wsdl"], ["cache_wsdl" => WSDL_CACHE_NONE]);
$answers = [];
foreach ($task["calls"] as [$operation, $parameters]) {
    try {
        $answers[] = $client->__soapCall($operation, [$parameters]);
    } catch (SoapFault $fault) {
        $answers[] = ["fault" => $fault->faultcode];
    }
}
echo json_encode($answers);
